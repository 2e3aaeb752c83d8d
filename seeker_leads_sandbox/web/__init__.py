"""The sandbox's page: its data and the clients' requests, live, in a browser."""
