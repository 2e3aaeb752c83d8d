"""Decides what to request from the API, and requests it: windows, pages, and the threads that read them."""
