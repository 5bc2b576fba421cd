"""The heart (domain, app) and the face (web, command line) of Amends."""
