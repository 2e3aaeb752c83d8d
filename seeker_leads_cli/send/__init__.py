"""A file of leads into the target: the same ledger, dead letters and limit as in any pipeline."""
