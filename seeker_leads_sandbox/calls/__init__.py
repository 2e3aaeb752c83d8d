"""The calls that the sandbox makes to the URLs of its subscriptions."""
