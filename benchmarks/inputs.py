"""What the measured programs are, and what they are given."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

#: Where this environment's console scripts are.
BIN = Path(sys.executable).parent
PROJECT = Path(__file__).resolve().parents[1]
TOKEN = "sandbox-token"


def tap_config(api_url: str, start: int, *, is_limited: bool) -> dict[str, Any]:
    """Return the config of our tap; `start` is in Unix seconds."""
    config: dict[str, Any] = {"api_url": api_url, "auth_token": TOKEN, "start_date": instant(start)}
    return config if is_limited else {**config, "rate_limit_requests": 1000}


def instant(second: int) -> str:
    """Return Unix seconds as RFC 3339."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def json_file(file: Path, content: Any) -> Path:
    """Write a file, and return it."""
    file.write_text(json.dumps(content), encoding="utf-8")
    return file
