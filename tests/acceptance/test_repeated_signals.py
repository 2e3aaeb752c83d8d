"""A signal that comes again: handed on by a parent, or by somebody who will not wait."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.signals import SAME_SIGNAL_SECONDS
from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.acceptance.conftest import TargetProgram, wait_for_requests
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from pathlib import Path

LINES = "".join(json.dumps(message) + "\n" for message in [SCHEMA, *map(record, range(5))])


def test_signal_with_echoes_ends_the_target_in_order(tmp_path: Path) -> None:
    """SIGTERM to a process group comes twice, from the sender and from Meltano: what is under way is still settled."""
    with Sandbox.start(SandboxOptions(latency_ms=1000)) as sandbox:
        program = TargetProgram(tmp_path)
        program.configure(sandbox.api_url)
        with program.start(stdin=subprocess.PIPE) as process:
            assert process.stdin
            process.stdin.write(LINES)
            process.stdin.flush()
            assert wait_for_requests(sandbox, 5)
            for _ in range(5):
                process.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.05)
            process.communicate(timeout=30)
        assert process.returncode == 128 + signal.SIGTERM
        assert "5 created" in program.log


def test_same_signal_later_ends_the_target_at_once(tmp_path: Path) -> None:
    """Who asks again will not wait for an answer that does not come; the next run knows what was under way."""
    with Sandbox.start(SandboxOptions(latency_ms=20_000)) as sandbox:
        program = TargetProgram(tmp_path)
        program.configure(sandbox.api_url)
        with program.start(stdin=subprocess.PIPE) as process:
            assert process.stdin
            process.stdin.write(LINES)
            process.stdin.flush()
            assert wait_for_requests(sandbox, 5)
            process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(SAME_SIGNAL_SECONDS + 0.5)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == -signal.SIGTERM
