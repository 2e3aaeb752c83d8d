"""PostgreSQL, for data that several runs share: its location, connections, and the schema of the tables."""
