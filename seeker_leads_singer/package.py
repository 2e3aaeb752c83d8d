"""The distribution that both plugins are part of."""

from __future__ import annotations

from importlib.metadata import version

PACKAGE_NAME = "singer-seeker-leads"


def plugin_user_agent(plugin_name: str, own: str | None) -> str:
    """Return the `User-Agent` of a plugin, as the vendor asks for it: `Software/version Tool/version …` [D][F].

    `own` is what the user puts before it.
    """
    plugin = f"{plugin_name}/{version(PACKAGE_NAME)} singer-sdk/{version('singer-sdk')}"
    return f"{own} {plugin}" if own else plugin
