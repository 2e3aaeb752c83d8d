"""The sandbox's data: leads, subscriptions and the log of requests."""
