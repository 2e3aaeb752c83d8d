"""The bookmark, the refresh, and the files that a run is given."""
