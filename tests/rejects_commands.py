"""Runs of `seeker-leads rejects`, and what they print."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from seeker_leads_cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.target_runs import TargetRunner
BAD = "jane.dupont(at)example.com"
#: Personal data in the records of `lead`.
PERSONAL = ("Dupont", "jane", "12 34", "visiter")


@dataclass
class RejectsCommand:
    """The command, with the settings of a target's runner."""

    target: TargetRunner

    def __call__(self, *arguments: str | Path, **more: Any) -> Result:
        settings = {
            "api_url": self.target.sandbox.api_url,
            "auth_token": self.target.sandbox.options.token,
            "rate_limit_requests": 1000,
            "ledger_url": f"sqlite:///{self.target.ledger_path}",
            "rejects_path": str(self.target.rejects_path),
            **more,
        }
        config = self.target.folder / "config.json"
        config.write_text(json.dumps(settings))
        return CliRunner().invoke(main, ["rejects", *map(str, arguments), "--config", str(config)])

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = json.loads(self("list", "--json", *arguments).stdout)
        return letters

    @property
    def ids(self) -> list[str]:
        return [letter["id"] for letter in self.listed()]

    @property
    def lines(self) -> bytes:
        return self.target.rejects_path.read_bytes()


def fixed(path: Path, **changes: str) -> None:
    """Change a column of every row of an exported file."""
    rows = [*csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], delimiter=";")
        writer.writeheader()
        writer.writerows({**row, **changes} for row in rows)


def one_line(ended: Result, status: int, words: str) -> None:
    assert ended.exit_code == status, ended.output
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


def nobody_is_named(*ended: Result) -> None:
    for each in ended:
        assert [word for word in PERSONAL if word in each.output] == []
