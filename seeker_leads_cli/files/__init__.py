"""Input files as rows: CSV, Excel and Singer messages."""
