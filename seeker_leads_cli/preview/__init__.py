"""Previews a file: what each column means, which rows would be sent, and which settings are missing."""
