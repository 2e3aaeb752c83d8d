"""A tap that gets a signal to stop."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.user_programs import BIN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_run_ends_soon_with_a_correct_state(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the tap soon, with complete lines, a correct state and the signal's status.

    The next run continues from the state, and together the two runs read every lead.
    """
    with Sandbox.start(SandboxOptions(leads=20_000, days=300, latency_ms=100)) as sandbox:
        config = {"api_url": sandbox.api_url, "auth_token": "sandbox-token"}
        config["start_date"] = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 301 * 86_400))
        (tmp_path / "config.json").write_text(json.dumps(config))
        command: list[str | Path] = [BIN / "tap-seeker-leads", "--config", tmp_path / "config.json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stderr
            lines = []
            for line in process.stdout:
                lines.append(line)
                if '"STATE"' in line:
                    break
            process.send_signal(number)
            lines += process.stdout.readlines()
            errors = process.stderr.read()
            status = process.wait(10)
        assert status == 128 + number
        assert f"Stopped by {number.name}" in errors
        assert "Traceback" not in errors
        messages = [json.loads(line) for line in lines]
        state = [message["value"] for message in messages if message["type"] == "STATE"][-1]
        (tmp_path / "state.json").write_text(json.dumps(state))
        rest = subprocess.check_output([*command, "--state", tmp_path / "state.json"], text=True)
        first = {message["record"]["leadId"] for message in messages if message["type"] == "RECORD"}
        second = {m["record"]["leadId"] for m in map(json.loads, rest.splitlines()) if m["type"] == "RECORD"}
        assert len(first) < 20_000
        assert len(first | second) == 20_000
        assert len(second) < 20_000
