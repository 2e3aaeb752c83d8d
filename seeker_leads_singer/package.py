"""The distribution that both plugins are part of."""

from __future__ import annotations

from importlib.metadata import version

from seeker_leads_api.http.session import user_agent

PACKAGE_NAME = "singer-seeker-leads"


def plugin_user_agent(plugin_name: str, own: str | None) -> str:
    """Return the `User-Agent` of a plugin; `own` is what the user puts before it."""
    return user_agent(plugin_name, version(PACKAGE_NAME), "singer-sdk", version("singer-sdk"), own)
