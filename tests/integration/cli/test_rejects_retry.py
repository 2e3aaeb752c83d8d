"""`seeker-leads rejects retry`."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import FaultKind
from tests.posted_leads import created_names, names, on_post
from tests.rejects_commands import BAD, RejectsCommand, nobody_is_named
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner


def test_failed_retry_keeps_one_letter_with_new_reasons(rejects: RejectsCommand, sandbox: Sandbox) -> None:
    """The letter keeps its id and age; the command ends with 1, since it still needs a fix."""
    before = rejects.listed()
    sandbox.script(on_post(FaultKind.STATUS, status=400, body='{"title": "Bad", "status": 400}'))
    maps = {"leads": {"email": "'fixed@example.com'"}}
    ended = rejects("retry", stream_maps=maps, max_rejects=1)  # a limit for sources only
    assert ended.exit_code == 1
    assert ended.stdout == "0 delivered, 3 failed again\n"
    after = rejects.listed()
    assert [(each["id"], each["at"]) for each in after] == [(each["id"], each["at"]) for each in before]
    assert [each["reasons"][0]["rule"][:18] for each in after] == ["the API refused it"] * 2 + ["is required"]
    nobody_is_named(ended)


def test_delivered_letters_are_removed(rejects: RejectsCommand, sandbox: Sandbox) -> None:
    """If the settings were wrong, the letters are delivered with the right ones, and no lead is sent twice."""
    ids = rejects.ids
    maps = {"leads": {"email": "'fixed@example.com'"}}
    dry = rejects("retry", "--dry-run", stream_maps=maps)
    assert (dry.exit_code, dry.stdout) == (0, "")
    assert "Dry run, nothing was sent or written: would create 2" in dry.stderr
    assert rejects.ids == ids
    ended = rejects("retry", ids[0], ids[1][:8], "--json", stream_maps=maps)
    assert ended.exit_code == 0
    assert json.loads(ended.stdout) == {
        "delivered": 2,
        "delivered_before": 0,
        "failed": 0,
        "unknown": 0,
        "set_aside": 0,
        "unsettled": 0,
    }
    assert rejects.ids == ids[2:]
    assert created_names(sandbox) == names(1, 2)


def test_letter_delivered_by_another_run_is_removed(rejects: RejectsCommand, sandbox: Sandbox) -> None:
    """If the source was fixed and sent, the ledger knows the lead, and its letter is counted and removed."""
    rejects.target([SCHEMA, record(1)])
    ended = rejects("retry")
    assert ended.stdout == "0 delivered, 1 delivered before, 2 failed again\n"
    assert len(rejects.ids) == 2
    assert created_names(sandbox) == names(1)


def test_a_file_that_could_not_be_changed_costs_no_second_lead(
    rejects: RejectsCommand, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill at that moment, the ledger knows what was delivered, and the next `retry` removes it."""
    maps = {"leads": {"email": "'fixed@example.com'"}, "others": {"last_name": "'Fixed'"}}
    before = rejects.lines
    fsync = os.fsync

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("seeker_leads_cli.rejects.letter_file.os.fsync", full)
    ended = rejects("retry", stream_maps=maps)
    monkeypatch.setattr("seeker_leads_cli.rejects.letter_file.os.fsync", fsync)
    assert ended.exit_code == 1
    assert "No space left on device; check that you own it and that its disk has free space" in ended.stderr
    assert "nothing is sent twice" in ended.stderr
    assert rejects.lines == before
    again = rejects("retry", stream_maps=maps)
    assert (again.exit_code, again.stdout) == (0, "0 delivered, 3 delivered before, 0 failed again\n")
    assert (rejects.lines, len(sandbox.created)) == (b"", 3)


@pytest.mark.parametrize("is_known_by", ["letter", "ledger"])
def test_letter_of_unknown_outcome_is_sent_only_by_its_id(
    run_target: TargetRunner, sandbox: Sandbox, is_known_by: str
) -> None:
    """Without IDs it is not sent but named, whether its letter or only the ledger says so; with its ID it is sent."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER, times=1))
    run_target([SCHEMA, record(1)], on_unknown_outcome="reject")
    tool = RejectsCommand(run_target)
    if is_known_by == "ledger":
        letter = {**json.loads(tool.lines), "reasons": []}
        run_target.rejects_path.write_text(json.dumps(letter) + "\n")
    else:
        run_target.ledger_path.unlink()
    (id_,) = tool.ids
    ended = tool("retry", on_unknown_outcome="reject")
    assert (ended.exit_code, ended.stdout) == (0, "0 delivered, 0 failed again, 1 not sent, of unknown outcome\n")
    assert f"Not sent, since their leads may exist: {id_}. Check with the agency first" in ended.stderr
    assert (len(sandbox.created), tool.ids) == (1, [id_])
    named = tool("retry", id_, on_unknown_outcome="reject")
    assert (named.exit_code, named.stdout) == (0, "1 delivered, 0 failed again\n")
    assert ("may already exist: it is sent because you gave its ID" in named.stderr) == (is_known_by == "letter")
    assert (len(sandbox.created), tool.ids) == (2, [])


def test_excluded_letters_stay_in_the_file(rejects: RejectsCommand, sandbox: Sandbox) -> None:
    """A letter that a filter or `deleted_when` excludes stays in the file."""
    ids = rejects.ids
    maps = {"leads": {"__filter__": "id != 1"}, "others": {"last_name": "'Fixed'"}}
    ended = rejects("retry", stream_maps=maps, deleted_when="id=3")
    assert ended.stdout == "0 delivered, 1 failed again, 2 not sent, not meant to become leads\n"
    assert rejects.ids == ids
    assert not sandbox.created


def test_run_that_ends_early_removes_delivered_letters(rejects: RejectsCommand, sandbox: Sandbox) -> None:
    """The other letters stay as they were; the error says why."""
    maps = {"leads": {"email": "'fixed@example.com'"}, "others": {"last_name": "'Fixed'"}}
    sandbox.script(on_post(FaultKind.STATUS, status=429, retry_after=1000, after=1))
    ended = rejects("retry", stream_maps=maps, max_concurrent_requests=1)
    assert ended.exit_code == 1
    assert ended.stdout == "1 delivered, 0 failed again, 2 not settled\n"
    assert len(rejects.ids) == 2
    assert len(sandbox.created) == 1


def test_a_ledger_of_a_newer_format(rejects: RejectsCommand, sandbox: Sandbox) -> None:
    """The command ends with one line and 2; nothing is sent, and every letter stays."""
    before = rejects.lines
    with closing(sqlite3.connect(rejects.target.ledger_path)) as ledger:
        ledger.execute("UPDATE seeker_leads_ledger_version SET version = 99")
        ledger.commit()
    ended = rejects("retry")
    assert ended.exit_code == 2
    assert "newer" in ended.stderr
    assert ended.stdout == "0 delivered, 0 failed again, 3 not settled\n"
    assert rejects.lines == before
    assert not sandbox.created


def test_equal_letters_are_all_sent_without_deduplication(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """With `dedupe_by: none`, each letter is sent, even if its values repeat."""
    run_target([SCHEMA, record(1, email=BAD), record(1, email=BAD)], dedupe_by="none")
    tool = RejectsCommand(run_target)
    ended = tool("retry", dedupe_by="none", stream_maps={"leads": {"email": "'fixed@example.com'"}})
    assert ended.stdout == "2 delivered, 0 failed again\n"
    assert len(sandbox.created) == 2
    assert tool.ids == []
