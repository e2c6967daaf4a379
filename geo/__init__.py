"""The streaming geo core: pure steps from fixes to dwells; time is an argument."""
