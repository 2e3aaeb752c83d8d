"""The vendor's side: which URLs are called, with which key, and how that went."""
