"""Runs of `seeker-leads doctor`, and what it reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from seeker_leads_sandbox import Sandbox
Doctor = Callable[..., Any]
SECRET = "a-secret-of-the-agency"


def target_files(folder: Path) -> dict[str, str]:
    return {
        "ledger_url": f"sqlite:///{folder / 'data' / 'ledger.db'}",
        "rejects_path": str(folder / "data" / "r.jsonl"),
    }


def checks(ended: Result) -> dict[str, dict[str, Any]]:
    return {each["check"]: each for each in json.loads(ended.stdout)["checks"]}


def wrong(ended: Result) -> dict[str, str]:
    """Return the checks that are not OK, and what they report."""
    return {name: each["says"] for name, each in checks(ended).items() if not each["ok"]}


def credentials(account: Sandbox) -> dict[str, Any]:
    return {
        "auth_token": None,
        "client_id": account.options.client_id,
        "client_secret": SECRET,
        "auth_url": account.token_url,
    }
