"""The bookmark, and the state and catalog that a run is given."""
