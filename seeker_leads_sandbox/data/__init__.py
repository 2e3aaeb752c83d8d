"""What the sandbox holds: leads, subscriptions and the log of requests."""
