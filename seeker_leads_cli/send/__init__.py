"""Sends a file of leads through the target, with the same ledger, dead letters and rate limit as a pipeline."""
