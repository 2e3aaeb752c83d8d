"""Mutation testing of the modules that decide: `python -m mutants`."""
