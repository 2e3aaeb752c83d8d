"""If the loader ends early, stdout is on a full disk, or there is no stdout, the tap says so once, and fails."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.user_programs import BIN

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox

ENDS = {
    "loader that reads nothing": ("{} | true", "that reads stdout ended"),
    "loader that ends in the middle": ("{} | head -n 100", "that reads stdout ended"),
    "loader that ends in the middle of a line": ("{} | head -c 70000", "that reads stdout ended"),
    "full disk": ("{} > /dev/full", os.strerror(28)),
    "no stdout": ("{} >&-", "stdout is closed"),
}


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "PYTHONUNBUFFERED"])
@pytest.mark.parametrize(("shell", "named"), ENDS.values(), ids=ENDS)
def test_lost_stdout_is_one_line(account: Sandbox, tmp_path: Path, shell: str, named: str, unbuffered: str) -> None:
    """If stdout cannot be written, the tap exits with status 1 and one line: no traceback, no interpreter message."""
    account.add_leads(2000)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 6 * 86_400))
    config: dict[str, Any] = {"api_url": account.api_url, "auth_token": "sandbox-token", "start_date": day}
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = shell.format(f"{BIN / 'tap-seeker-leads'} --config {tmp_path / 'config.json'}")
    ended = subprocess.run(
        ["/bin/bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert ended.returncode == 1
    (line,) = [line for line in ended.stderr.splitlines() if "| ERROR" in line or "| CRITICAL" in line]
    assert named in line
    for word in ("Traceback", "Exception ignored", "defect"):
        assert word not in ended.stderr
