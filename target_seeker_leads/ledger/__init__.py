"""The database that remembers what was sent."""
