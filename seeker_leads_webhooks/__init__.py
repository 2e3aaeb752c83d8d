"""Webhooks: the receiver of calls, the runner that starts the pipeline, and the subscriptions."""
