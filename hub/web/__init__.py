"""The public JSON API, the live feed and the desk; no business words of its own."""
