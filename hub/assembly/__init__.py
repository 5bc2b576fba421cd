"""The composition root: it names every concrete thing, mounts every route and starts the TaskGroup."""
