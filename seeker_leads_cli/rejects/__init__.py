"""The dead letters: lists, shows, fixes, sends and purges them."""
