"""The distribution that contains both plugins."""

from __future__ import annotations

from importlib.metadata import version

PACKAGE_NAME = "singer-seeker-leads"


def plugin_user_agent(plugin_name: str, own: str | None) -> str:
    """Return the `User-Agent` of a plugin in the vendor's format: `Software/version Tool/version …`.

    `own` is the user's own part, which comes first.
    """
    plugin = f"{plugin_name}/{version(PACKAGE_NAME)} singer-sdk/{version('singer-sdk')}"
    return f"{own} {plugin}" if own else plugin
