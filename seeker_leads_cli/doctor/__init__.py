"""Whether a set-up works: each part of it, in one line."""
