"""Signals at any moment, and files that cannot grow: the program stops gracefully, and the next run continues."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.singer_input import SCHEMA, record, state
from tests.user_programs import BIN, TargetProgram, wait_for_created, wait_for_requests

if TYPE_CHECKING:
    from pathlib import Path

RECORDS, STOPS, IN_FLIGHT = 600, 5, 10


def test_signals_at_random_moments_neither_lose_nor_duplicate_leads(tmp_path: Path) -> None:
    """SIGTERM and SIGINT in turn, at any time: each run stops gracefully, with a STATE that covers only what exists.

    Restarted with the same input until it is done, every lead exists once: leads under way were settled each time.
    The last signal arrives when all input is read and the last records are under way, or just done.
    """
    seed = random.randrange(1 << 32)  # noqa: S311  # not a secret
    print(f"seed {seed}")  # noqa: T201  # shown if it fails, to repeat it
    rng = random.Random(seed)  # noqa: S311  # as above
    lines = [json.dumps(SCHEMA)]
    lines += [json.dumps(each) for n in range(RECORDS) for each in (record(n), state(n))]
    (tmp_path / "input.jsonl").write_text("\n".join(lines) + "\n")
    program = TargetProgram(tmp_path)
    with Sandbox.start(SandboxOptions(latency_ms=10, enforce_limit=False)) as sandbox:
        program.configure(sandbox.api_url, rate_limit_requests=1000)
        stops = sorted(rng.sample(range(RECORDS - 5 * IN_FLIGHT), STOPS - 1))
        for number, stop_at in enumerate([*stops, RECORDS - rng.randint(1, IN_FLIGHT)]):
            if len(sandbox.created) == RECORDS:
                break  # the signal was too late to stop anything
            sent = (signal.SIGTERM, signal.SIGINT)[number % 2]
            asked_before = sandbox.statistics.requests
            with (tmp_path / "input.jsonl").open() as file, program.start(stdin=file) as process:
                # A request of this run must have arrived: until its handlers are installed, a signal ends Python.
                assert wait_for_requests(sandbox, asked_before + 1)
                wait_for_created(sandbox, stop_at)
                process.send_signal(sent)
                stdout, _ = process.communicate(timeout=30)
            emails = {lead["email"] for lead in sandbox.created}
            last = json.loads(stdout.splitlines()[-1]) if stdout else -1
            assert all(record(n)["record"]["email"] in emails for n in range(last + 1))
            # If everything was done when the signal arrived, the run succeeds, or the signal ends Python itself.
            assert process.returncode == 128 + sent or (last == RECORDS - 1 and process.returncode in {0, -sent})
        with (tmp_path / "input.jsonl").open() as file, program.start(stdin=file) as process:
            stdout, _ = process.communicate(timeout=120)
        created = Counter(lead["email"] for lead in sandbox.created)
    assert process.returncode == 0, program.log[-2000:]
    assert json.loads(stdout.splitlines()[-1]) == RECORDS - 1
    assert len(created) == RECORDS
    assert set(created.values()) == {1}
    for word in ("Traceback", "sent again", "jane", "Dupont", "sandbox-token"):
        assert word not in program.log


@pytest.mark.parametrize("kind", ["ledger", "rejects"])
def test_file_that_cannot_grow(tmp_path: Path, kind: str) -> None:
    """At a system limit the program ends with one line and status 1; without the limit the next run does the rest.

    No STATE covers a record that is neither created nor kept, and every lead exists once, except those that the
    end of the next run counts as sent again.
    """
    limit = 300_000
    wide = {"message": None, "note": "x" * 20_000} if kind == "rejects" else {}
    numbers = range(60 if kind == "rejects" else 400)
    messages = [SCHEMA, record(1000), *(each for n in numbers for each in (record(n, **wide), state(n)))]
    (tmp_path / "input.jsonl").write_text("".join(f"{json.dumps(message)}\n" for message in messages))
    with Sandbox.start(SandboxOptions(enforce_limit=False)) as sandbox:
        program = TargetProgram(tmp_path)
        program.configure(sandbox.api_url, rate_limit_requests=1000)
        with (tmp_path / "input.jsonl").open() as file:
            # In a child process, so that the limit is not ours; the log goes elsewhere, or it would reach the limit.
            ended = subprocess.run(
                [BIN / "target-seeker-leads", "--config", tmp_path / "config.json"],
                stdin=file,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                preexec_fn=lambda: resource.setrlimit(
                    resource.RLIMIT_FSIZE, (limit, limit)
                ),  # the child has no threads
            )
        assert ended.returncode == 1, ended.stderr[-2000:]
        assert "Traceback" not in ended.stderr
        words = "The ledger" if kind == "ledger" else "The dead letters"
        (line,) = [line for line in ended.stderr.splitlines() if "| CRITICAL" in line]
        assert words in line
        assert "could not be written" in line
        last = json.loads(ended.stdout.splitlines()[-1]) if ended.stdout else -1
        done = {lead["email"] for lead in sandbox.created} | {row["record"]["email"] for row in program.rejects}
        assert all(record(n)["record"]["email"] in done for n in range(last + 1))
        again = program.run((tmp_path / "input.jsonl").read_text())
        created = Counter(lead["email"] for lead in sandbox.created)
        assert again.status == 0, again.stderr[-2000:]
        assert json.loads(again.stdout.splitlines()[-1]) == numbers[-1]
        assert len(created) + len(program.rejects) == len(numbers) + 1
        sent_again = [
            int(line.split(" leads were")[0].split()[-1]) for line in again.stderr.splitlines() if "sent again" in line
        ]
        assert created.total() - len(created) <= sum(sent_again)


def test_stdout_on_a_full_disk(tmp_path: Path) -> None:
    """A STATE that cannot be written ends the run with status 1 and one line; sent leads stay known."""
    with Sandbox.start(SandboxOptions()) as sandbox:
        program = TargetProgram(tmp_path)
        program.configure(sandbox.api_url)
        (tmp_path / "input.jsonl").write_text(
            "".join(f"{json.dumps(each)}\n" for each in (SCHEMA, record(1), state(1)))
        )
        with open("/dev/full", "w") as full, (tmp_path / "input.jsonl").open() as file:  # noqa: PTH123  # no Path of a folder
            ended = subprocess.run(
                [BIN / "target-seeker-leads", "--config", tmp_path / "config.json"],
                stdin=file,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=60,
            )
        assert ended.returncode == 1
        assert "stdout" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert program.run((tmp_path / "input.jsonl").read_text()).stdout == "1\n"
        assert len(sandbox.created) == 1
