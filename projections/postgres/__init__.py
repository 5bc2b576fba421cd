"""Views in PostgreSQL, for hubs of many processes."""
