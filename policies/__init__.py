"""The rules of service as pure sentences: memory, event and time in; commands out."""
