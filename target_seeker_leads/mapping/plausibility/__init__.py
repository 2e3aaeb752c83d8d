"""Checks for implausible values that the contract accepts: violations and warnings, by kind of value."""
