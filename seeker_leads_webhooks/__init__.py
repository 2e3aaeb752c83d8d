"""Webhooks: a call is a signal to pull. A receiver of calls, a runner of the pipeline, and the subscriptions."""
