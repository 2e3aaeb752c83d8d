"""Delivers records: each is sent, skipped, or kept as a dead letter."""
