"""How true the dwells are: a frozen fleet with truth, the peers, the score."""
