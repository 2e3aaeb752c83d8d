"""Faults on request: which one hits which request, and what it does."""
