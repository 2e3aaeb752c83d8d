"""The ledger, for people: what is in it, old rows, and the way to another database."""
