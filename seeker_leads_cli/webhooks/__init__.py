"""Webhook subscriptions, and the receiver of their calls."""
