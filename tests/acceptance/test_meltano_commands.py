"""The commands of both plugins through `meltano invoke`, with the settings that Meltano passes to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox

EXPORT = PROJECT / "examples" / "export-crm.csv"
KEY = "Réf. contact"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    return {
        "TARGET_SEEKER_LEADS_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
        "TARGET_SEEKER_LEADS_REJECTS_PATH": str(tmp_path / "rejects.jsonl"),
        "TARGET_SEEKER_LEADS_TIMEZONE": "Europe/Paris",
    }


@pytest.mark.parametrize(("plugin", "count"), [("tap", 6), ("target", 7)])
def test_doctor_checks_the_requested_plugin(
    meltano: Callable[..., Any], files: dict[str, str], plugin: str, count: int
) -> None:
    """Variables of the other plugin, which `.env` may hold, do not matter; a wrong setting gives status 1."""
    ended = meltano("invoke", f"{plugin}-seeker-leads:doctor", **files)
    assert ended.status == 0, ended.stdout + ended.stderr
    lines = [line.split()[:2] for line in ended.stdout.splitlines() if line.startswith(("OK", "NOT OK"))]
    assert lines == [["OK", plugin]] * count
    wrong = {f"{plugin.upper()}_SEEKER_LEADS_AUTH_TOKEN": "another-token"}
    ended = meltano("invoke", f"{plugin}-seeker-leads:doctor", **files, **wrong)
    assert ended.status == 1
    assert "NOT OK" in ended.stdout
    assert "another-token" not in ended.stdout + ended.stderr


def test_ledger_commands_use_the_ledger_of_the_runs(
    meltano: Callable[..., Any], files: dict[str, str], account: Sandbox
) -> None:
    """`ledger` counts and finds what `send` delivered: Meltano's settings give both the same ledger and account."""

    def invoke(*words: str) -> Any:
        ended = meltano("invoke", *words, **files)
        assert ended.status == 0, ended.stdout + ended.stderr
        return ended

    invoke("target-seeker-leads:send", str(EXPORT), "--key", KEY)
    assert len(account.created) == 34
    assert json.loads(invoke("target-seeker-leads:ledger", "stats", "--json").stdout)["rows"] == 40
    words = ("--stream", "leads", "--key", json.dumps({KEY: "C-2041"}))
    assert json.loads(invoke("target-seeker-leads:ledger", "find", *words, "--json").stdout)["status"] == "delivered"
