"""Commands for the ledger: count rows, find a record, delete old rows, copy all rows to another database."""
