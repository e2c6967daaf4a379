"""The HTTP room: positions, registries, history, events and live feeds, closed without a credential."""
