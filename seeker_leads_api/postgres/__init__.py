"""PostgreSQL, for what several runs share: where it is, how to connect, and in which schema the tables are."""
