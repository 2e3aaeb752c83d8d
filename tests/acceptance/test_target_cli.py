"""`target-seeker-leads` as users run it."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from seeker_leads_sandbox.faults.faults import FaultKind
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record, state
from tests.user_programs import BIN, TargetProgram, wait_for_created, wait_for_requests

if TYPE_CHECKING:
    from pathlib import Path

#: One record for each rule about a field that the API requires.
BAD: dict[str, dict[str, Any]] = {
    "lastName": {"last_name": "x" * 101},
    "email": {"email": "jane.dupont(at)example.com"},
    "phoneNumbers": {"mobile": None},
    "phoneNumbers[0].number": {"mobile": "call me"},
    "message": {"message": None},
    "classifiedId": {"classified_id": "26ABCDEFGHJO"},
    "submittedDate": {"created_at": "20/11/2026"},
}
#: One record for each optional field of the API.
ODD: dict[str, dict[str, Any]] = {
    "firstName": {"first_name": "x" * 101},
    "gender": {"gender": "unknown"},
    "language": {"language": "klingon"},
}


def lines(*messages: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(message)}\n" for message in (SCHEMA, *messages))


def test_bad_records_never_stop_the_good_ones(target: TargetProgram, account: Sandbox) -> None:
    """Each rule, broken once: kept with its reason and not sent; the good records around it arrive.

    A value that does not fit an optional field is left out, and the rest of that lead arrives.

    The file is private to its owner, and the log contains no personal data, even at DEBUG.
    """
    bad = [record(number, **changes) for number, changes in enumerate(BAD.values())]
    odd = [record(number, **changes) for number, changes in enumerate(ODD.values(), start=200)]
    good = [record(number) for number in range(100, 100 + len(BAD))]
    mixed = [message for pair in zip(bad, good, strict=True) for message in pair]
    ended = target.run(lines(*mixed, *odd, state({"at": 0.5})))
    assert ended.status == 0, ended.stderr
    assert ended.messages == [{"at": 0.5}]
    arrived = {lead["lastName"]: lead for lead in account.created}
    assert sorted(arrived) == [f"Dupont{sent['record']['id']}" for sent in (*good, *odd)]
    assert not [
        field for field, sent in zip(ODD, odd, strict=True) if field in arrived[f"Dupont{sent['record']['id']}"]
    ]
    reasons = {letter["record"]["id"]: [reason["field"] for reason in letter["reasons"]] for letter in target.rejects}
    assert reasons == {number: [field] for number, field in enumerate(BAD)}
    assert all(reason["rule"] and reason["cure"] for letter in target.rejects for reason in letter["reasons"])
    for path in (target.rejects_path, target.ledger_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "| DEBUG " in ended.stderr
    for private in ("Dupont", "jane", "visiter", "12 34", "sandbox-token", "klingon", "call me"):
        assert private not in ended.stderr, private
        assert private.encode() not in target.ledger_path.read_bytes(), private


def test_fixed_rejects_are_sent(target: TargetProgram, account: Sandbox) -> None:
    """The rejects file, moved and fixed, is valid input: fixed records are sent, the others are kept again."""
    target.run(lines(record(1, email="jane.dupont1(at)example.com"), record(2, message=None), record(3)))
    letters = sorted(target.rejects, key=lambda letter: letter["record"]["id"])
    letters[0]["record"]["email"] = "jane.dupont1@example.com"
    target.rejects_path.unlink()
    ended = target.run("".join(f"{json.dumps(letter)}\n" for letter in letters))
    assert ended.status == 0, ended.stderr
    assert sorted(lead["email"] for lead in account.created) == ["jane.dupont1@example.com", "jane.dupont3@example.com"]
    assert [letter["record"]["id"] for letter in target.rejects] == [2]
    assert target.run("".join(f"{json.dumps(letter)}\n" for letter in letters[:1])).status == 0
    assert len(account.created) == 2


def test_rejects_are_not_fed_to_themselves(target: TargetProgram) -> None:
    """The file to which new rejects go is refused as input: the run would never end."""
    target.run(lines(record(1, message=None), record(2)))
    with target.rejects_path.open() as file, target.start(stdin=file) as process:
        process.communicate(timeout=60)
    assert process.returncode == 2
    assert "`rejects_path`" in target.log


def test_rejected_before_is_not_kept_twice(target: TargetProgram) -> None:
    """A source with the same bad row in every run gets one dead letter, and later runs do not fail."""
    rows = lines(record(1, message=None), record(2))
    assert [target.run(rows).status for _ in range(3)] == [0, 0, 0]
    assert len(target.rejects) == 1


def test_changed_settings_give_rejected_records_another_chance(target: TargetProgram, account: Sandbox) -> None:
    """A record that lacked a field is sent once `defaults` has a value for it."""
    rows = lines(record(1, message=None, created_at=None), record(2))
    target.run(rows)
    target.configure(account.api_url, defaults={"message": "(no message)", "submittedDate": "now"})
    ended = target.run(rows)
    assert ended.status == 0, ended.stderr
    assert min(lead["message"] for lead in account.created) == "(no message)"
    assert target.run(rows).status == 0
    assert len(account.created) == 2


def test_run_of_nothing_but_rejects_fails(target: TargetProgram) -> None:
    """If all records are rejected, the mapping is wrong and the run fails; known rejects are not new."""
    ended = target.run(lines(record(1, message=None), record(2, message=None), state(1)))
    assert ended.status == 1
    assert "All 2 records were rejected" in ended.stderr
    assert ended.stdout == "1\n"
    assert len(target.rejects) == 2
    again = target.run(lines(record(1, message=None), record(2, message=None), state(1)))
    assert again.status == 0
    assert "2 skipped as rejected before" in again.stderr
    assert len(target.rejects) == 2


def test_max_rejects_stops_the_run(target: TargetProgram, account: Sandbox) -> None:
    """The maximum of rejects ends the run with an error; earlier records are settled, later ones are not started."""
    target.configure(account.api_url, max_rejects=3, max_concurrent_requests=1)
    bad = [record(number, message=None) for number in range(10)]
    ended = target.run(lines(record(100), *bad, record(101), state(1)))
    assert ended.status == 1
    assert "`max_rejects`" in ended.stderr
    assert ended.messages == []
    assert len(target.rejects) == 3
    assert len(account.created) == 1


def test_dry_run_does_nothing_but_report(target: TargetProgram, account: Sandbox) -> None:
    """A dry run says what would be sent and what not; it sends and writes nothing, and passes no STATE on."""
    rows = lines(record(1), record(2, email="x"), record(3), record(3), state(1))
    target.configure(account.api_url, dry_run=True)
    ended = target.run(rows)
    assert ended.status == 0, ended.stderr
    assert "Dry run, nothing was sent or written: would create 2, 1 skipped" in ended.stderr
    assert "Rejected 1 x `email`" in ended.stderr
    assert ended.stdout == ""
    assert account.statistics.requests == 0
    assert not target.ledger_path.exists()
    assert not target.rejects_path.exists()
    target.configure(account.api_url)
    target.run(rows)
    target.configure(account.api_url, dry_run=True)
    assert (
        "would create 0, 3 skipped as delivered before, 0 rejected, 1 skipped as rejected before"
        in target.run(rows).stderr
    )


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"dedupe_by": "magic"}, "`dedupe_by` must be one of key, content, none"),
        ({"ledger_url": "mysql://root:geheim@db/x"}, "`ledger_url`"),
        ({"ledger_url": "sqlite://"}, "`ledger_url`"),
        ({"defaults": {"lastname": "geheim" * 100}}, "`defaults`"),
        ({"defaults": {"colour": "geheim"}}, "`defaults`"),
        ({"max_rejects": 0}, "`max_rejects`"),
        ({"auth_token": None}, "`auth_token`"),
    ],
)
def test_wrong_setting_is_named(target: TargetProgram, account: Sandbox, config: dict[str, Any], words: str) -> None:
    """A setting that cannot work ends the run at once, with its name and the cure, and without its value."""
    target.configure(account.api_url, **config)
    ended = target.run(lines(record(1)))
    assert ended.status == 2, ended.stderr
    assert words in ended.stderr
    assert "geheim" not in ended.stderr
    assert "Traceback" not in ended.stderr
    assert account.statistics.requests == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_run_settles_requests_in_progress(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the target soon, with the signal's status and a STATE that covers settled records only.

    Records under way are settled: the next run sends the rest, and nothing twice.
    """
    messages = [message for index in range(400) for message in (record(index), state(index))]
    with Sandbox.start(SandboxOptions(latency_ms=100)) as sandbox:
        program = TargetProgram(tmp_path)
        program.configure(sandbox.api_url)
        (tmp_path / "input.jsonl").write_text(lines(*messages))
        with (tmp_path / "input.jsonl").open() as file, program.start(stdin=file) as process:
            wait_for_created(sandbox, 30)
            process.send_signal(number)
            stdout, _ = process.communicate(timeout=30)
        assert process.returncode == 128 + number
        assert f"Stopped by {number.name}" in program.log
        assert "Traceback" not in program.log
        last = json.loads(stdout.splitlines()[-1])
        emails = {lead["email"] for lead in sandbox.created}
        assert all(record(index)["record"]["email"] in emails for index in range(last + 1))
        assert len(emails) < 400
        assert program.run(lines(*messages)).status == 0
        assert Counter(lead["email"] for lead in sandbox.created).most_common(1)[0][1] == 1
        assert len(sandbox.created) == 400


def test_state_is_passed_on_while_the_source_is_silent(target: TargetProgram) -> None:
    """A STATE waits neither for the next message nor for the end of the input."""
    with target.start(stdin=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(lines(record(1), state(1)))
        process.stdin.flush()
        assert process.stdout.readline() == "1\n"
        process.stdin.close()
        assert process.wait(30) == 0


def test_two_programs_with_one_ledger_send_nothing_twice(tmp_path: Path) -> None:
    """Two runs of the same input at the same time create each lead once."""
    rows = lines(*map(record, range(300)))
    with Sandbox.start(SandboxOptions(latency_ms=20, enforce_limit=False)) as sandbox:
        program = TargetProgram(tmp_path)
        program.configure(sandbox.api_url, rate_limit_requests=1000)
        ended: list[Any] = []
        threads = [threading.Thread(target=lambda: ended.append(program.run(rows))) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [one.status for one in ended] == [0, 0], program.log[-2000:]
        assert len(sandbox.created) == len({lead["email"] for lead in sandbox.created}) == 300


def test_closed_stdout_is_an_error(target: TargetProgram, account: Sandbox) -> None:
    """If the reader of the STATE has gone, the run fails with one line; sent leads stay known."""
    with target.start(stdin=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdout.close()
        process.stdin.write(lines(record(1), state(1)))
        process.stdin.close()
        assert process.wait(30) == 1
    assert "stdout" in target.log
    assert "Traceback" not in target.log
    assert "Exception ignored" not in target.log
    assert target.run(lines(record(1), state(1))).status == 0
    assert len(account.created) == 1


def test_outcome_lost_to_a_kill_is_shown(target: TargetProgram, account: Sandbox) -> None:
    """After a `kill -9` with a POST under way, the next run sends it again and says that it may exist twice."""
    account.script(on_post(FaultKind.TIMEOUT, times=1))
    with target.start(stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.write(lines(record(1)))
        process.stdin.flush()
        assert wait_for_requests(account, 1)
        process.kill()
    ended = target.run(lines(record(1), state(1)))
    assert ended.status == 0
    assert ended.stdout == "1\n"
    assert "1 leads were sent again after an answer was lost" in ended.stderr


def test_about_and_version() -> None:
    """`--version` and `--about` work without settings and name the program, its settings and capabilities."""
    assert subprocess.check_output([BIN / "target-seeker-leads", "--version"], text=True).startswith(
        "target-seeker-leads v0."
    )
    about = json.loads(subprocess.check_output([BIN / "target-seeker-leads", "--about", "--format", "json"], text=True))
    assert about["capabilities"] == ["about", "stream-maps", "structured-logging"]
    assert "ledger_url" in about["settings"]["properties"]
    assert {"batch_size_rows", "load_method", "add_record_metadata"}.isdisjoint(about["settings"]["properties"])
