"""Files of leads as people have them, as rows: CSV, Excel, and Singer lines."""
