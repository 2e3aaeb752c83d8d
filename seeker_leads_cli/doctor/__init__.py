"""Whether a setup works: each part of it, in one line."""
