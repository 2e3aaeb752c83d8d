"""The receiver: who may call, and the HTTP server that answers."""
