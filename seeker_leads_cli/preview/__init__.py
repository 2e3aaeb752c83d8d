"""What would become of a file: which column means what, what would be sent, and what is missing."""
