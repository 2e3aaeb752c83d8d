"""The sandbox's page: what it holds and what clients do to it, live, in a browser."""
