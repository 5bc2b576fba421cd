"""How customers reach us: each channel reads bytes into Incoming and writes Outgoing to the wire."""
