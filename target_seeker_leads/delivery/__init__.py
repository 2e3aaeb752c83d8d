"""From a record to its fate: sent, known, or kept as a dead letter."""
