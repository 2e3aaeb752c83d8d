"""The ledger: the database that records which records were sent, so that none is sent twice."""
