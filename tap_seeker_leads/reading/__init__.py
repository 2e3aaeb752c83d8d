"""What to ask the API for, in which order: windows, pages and the readers that share them."""
