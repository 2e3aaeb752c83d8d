"""Log lines of the plugins: a name of the source cannot forge one, or control the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

FORGED = "2026-11-29 14:00:00,000 | INFO     | target-seeker-leads            | 7 leads were created"
NAME = f"a\r\x1b[31m\u202e\n{FORGED}"
CONFIGURED = """
version: 1
formatters: {plain: {format: '%(asctime)s | %(message)s'}, json: {(): singer_sdk.logging.StructuredFormatter}}
handlers: {own: {class: logging.StreamHandler, formatter: KIND}}
loggers: {target-seeker-leads: {handlers: [own], propagate: false}}
"""


def log_of_a_dry_run(folder: Path, log_config: str | None) -> list[str]:
    """Return the log of a target whose source has `NAME` as the name of a stream and of a column."""
    config, log = folder / "config.json", folder / "log.yml"
    config.write_text(json.dumps({"auth_token": "x" * 20, "dry_run": True, "ledger_url": f"sqlite:///{folder}/l.db"}))
    log.write_text(log_config or "")
    messages = [
        {"type": "SCHEMA", "stream": NAME, "schema": {"properties": {NAME: {"type": "string"}}}, "key_properties": []},
        {"type": "RECORD", "stream": NAME, "record": {NAME: "b"}},
    ]
    code = "from target_seeker_leads.target import TargetSeekerLeads; TargetSeekerLeads.cli()"
    ended = subprocess.run(
        [sys.executable, "-c", code, "--config", str(config)],
        env={
            "PYTHONPATH": ":".join(path for path in sys.path if path),
            "HOME": str(folder),
            **({"SINGER_SDK_LOG_CONFIG": str(log)} if log_config else {}),
        },
        input="".join(f"{json.dumps(each)}\n" for each in messages).encode(),
        capture_output=True,
        check=False,
        timeout=60,
        cwd=folder,
    )
    return ended.stderr.decode().split("\n")


@pytest.mark.parametrize(
    "log_config",
    [None, CONFIGURED.replace("KIND", "plain"), CONFIGURED.replace("KIND", "json")],
    ids=["default", "plain", "json"],
)
def test_name_of_the_source_forges_no_log_line(log_config: str | None, tmp_path: Path) -> None:
    """With any configuration of the log, a name is part of its line, and sends no control character."""
    lines = log_of_a_dry_run(tmp_path, log_config)
    assert any("7 leads were created" in line for line in lines), lines
    assert not any(line.startswith(FORGED) for line in lines)
    assert all(line.isprintable() for line in lines), lines
