"""The state of the tap: bookmark, refresh, and the checks of state and catalog files."""
