"""The files of a target: its ledger and its dead letters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class TargetFiles:
    """The files in the folder of a target."""

    folder: Path

    @property
    def rejects_path(self) -> Path:
        return self.folder / "rejects.jsonl"

    @property
    def ledger_path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def rejects(self) -> list[dict[str, Any]]:
        """The dead letters, in the order in which they were written."""
        lines = self.rejects_path.read_text("utf-8").splitlines() if self.rejects_path.is_file() else []
        return [json.loads(line) for line in lines]
