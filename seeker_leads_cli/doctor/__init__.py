"""Checks each part of a setup, and prints one line for each."""
