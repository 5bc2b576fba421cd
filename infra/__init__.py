"""The outside world behind ports: the event log, databases, keys, the vault, the bus."""
