"""The dead letters: what they are, and how they are fixed, sent again, taken out."""
