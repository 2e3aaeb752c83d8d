"""The receiver of calls: authentication, and the HTTP server that answers."""
