"""The subscriptions at the vendor: which URLs are called, with which key, and with what result."""
