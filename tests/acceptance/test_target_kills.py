"""`kill -9` while leads are being sent."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.singer_input import SCHEMA, record, state
from tests.user_programs import TargetProgram, wait_for_created

if TYPE_CHECKING:
    from pathlib import Path

RECORDS, KILLS, IN_FLIGHT = 600, 4, 10


@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_killed_runs_lose_nothing(tmp_path: Path, policy: str) -> None:
    """After four kills every record exists. `retry`: only those in flight at a kill may exist twice. `reject`: none.

    With `reject`, what was in flight is in the dead letters instead, whether the API had created it or not.
    """
    seed = random.randrange(1 << 32)  # noqa: S311  # not a secret
    print(f"seed {seed}")  # noqa: T201  # shown if it fails, to repeat it
    rng = random.Random(seed)  # noqa: S311  # as above
    lines = [json.dumps(message) for message in [SCHEMA, *map(record, range(RECORDS)), state({"done": True})]]
    (tmp_path / "input.jsonl").write_text("\n".join(lines) + "\n")
    program = TargetProgram(tmp_path)
    # A limit that is not reached: the kills follow each other quickly.
    options = SandboxOptions(latency_ms=10, enforce_limit=False)
    with Sandbox.start(options) as sandbox:
        program.configure(sandbox.api_url, on_unknown_outcome=policy, rate_limit_requests=1000)
        for kill_at in sorted(rng.sample(range(1, RECORDS - 100), KILLS)):
            with (tmp_path / "input.jsonl").open() as file, program.start(stdin=file) as process:
                wait_for_created(sandbox, kill_at)
                process.send_signal(signal.SIGKILL)
                process.wait()
        with (tmp_path / "input.jsonl").open() as file, program.start(stdin=file) as process:
            stdout, _ = process.communicate(timeout=120)
        created = Counter(lead["email"] for lead in sandbox.created)
    assert process.returncode == 0, program.log[-2000:]
    assert json.loads(stdout.splitlines()[-1]) == {"done": True}
    for word in ("Traceback", "jane", "Dupont", "visiter", "12 34", "sandbox-token"):
        assert word not in program.log
    everything = {record(number)["record"]["email"] for number in range(RECORDS)}
    kept = {letter["record"]["email"] for letter in program.rejects}
    twice = created.total() - len(created)
    if policy == "retry":
        assert set(created) == everything
        assert twice <= KILLS * IN_FLIGHT
        assert not kept
    else:
        assert set(created) | kept == everything
        assert twice == 0
        assert len(kept) <= KILLS * IN_FLIGHT
        assert len(program.rejects) <= len(kept) + KILLS  # a kill between file and ledger writes a line twice
