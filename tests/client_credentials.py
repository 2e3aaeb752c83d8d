"""Settings of plugins that request tokens from a sandbox, instead of the token that every sandbox accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_sandbox import Sandbox


def as_client(sandbox: Sandbox) -> dict[str, Any]:
    """Return the settings of the sandbox's client."""
    return {"auth_token": None, "auth_url": sandbox.token_url, "client_id": "sandbox", "client_secret": "sandbox"}


def as_accounts(sandbox: Sandbox, agencies: Mapping[str, str]) -> dict[str, Any]:
    """Return the same for many accounts: `agencies` has the `intermediary_id` of each label."""
    accounts = [{"label": label, "intermediary_id": agency} for label, agency in agencies.items()]
    return {**as_client(sandbox), "accounts": accounts}
