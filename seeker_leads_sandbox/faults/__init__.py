"""Faults on request: which fault hits which request, and what it does."""
