"""An account whose table of leads is verified, and answers of another server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox
    from tests.leads_table import LeadsTable


class Account:
    """A table of the sandbox's leads, and the command with this account's settings."""

    def __init__(self, table: LeadsTable, sandbox: Sandbox, folder: Path) -> None:
        self.table = table
        self.sandbox = sandbox
        self._config = folder / "config.json"
        self.configure(sandbox.api_url)

    def configure(self, api_url: str, **more: int) -> None:
        config = {"api_url": api_url, "auth_token": "sandbox-token", "max_retries": 0, "rate_limit_requests": 1000}
        self._config.write_text(json.dumps({**config, **more}))

    def run(self, *arguments: str, status: int = 0) -> Any:
        return self.table.run("apply", "--verify", "--config", str(self._config), *arguments, status=status)

    def apply(self, *arguments: str, status: int = 0) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(self.run("--json", *arguments, status=status).stdout)
        return result

    @property
    def asked(self) -> int:
        return self.sandbox.statistics.requests


def answer(content: object, status: bytes = b"200 OK") -> bytes:
    body = json.dumps(content).encode()
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
    return head % (status, len(body)) + body


def problem() -> bytes:
    return answer({"type": "about:blank", "title": "Not Found", "status": 404}, b"404 Not Found")
