"""Checks for implausible values that the contract accepts: refusals and warnings, by kind of value."""
