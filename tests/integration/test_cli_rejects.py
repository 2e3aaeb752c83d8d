"""`seeker-leads rejects`: dead letters that a target wrote, sent to the sandbox."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import resource
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from seeker_leads_sandbox import FaultKind
from target_seeker_leads import locked_file
from tests.posted_leads import created_names, names, on_post
from tests.singer_input import SCHEMA, lead, record

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from seeker_leads_sandbox import Sandbox
    from tests.integration.conftest import TargetRunner

BAD = "jane.dupont(at)example.com"
#: Personal data in the records of `lead`.
PERSONAL = ("Dupont", "jane", "12 34", "visiter")


@dataclass
class Tool:
    """The command, with the settings of a target's runner."""

    target: TargetRunner

    def __call__(self, *arguments: str | Path, **more: Any) -> Result:
        settings = {
            "api_url": self.target.sandbox.api_url,
            "auth_token": self.target.sandbox.options.token,
            "rate_limit_requests": 1000,
            "ledger_url": f"sqlite:///{self.target.ledger_path}",
            "rejects_path": str(self.target.rejects_path),
            **more,
        }
        config = self.target.folder / "config.json"
        config.write_text(json.dumps(settings))
        return CliRunner().invoke(main, ["rejects", *map(str, arguments), "--config", str(config)])

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        letters: list[dict[str, Any]] = json.loads(self("list", "--json", *arguments).stdout)
        return letters

    @property
    def ids(self) -> list[str]:
        return [letter["id"] for letter in self.listed()]

    @property
    def lines(self) -> bytes:
        return self.target.rejects_path.read_bytes()


@pytest.fixture
def rejects(run_target: TargetRunner) -> Tool:
    """Three letters: two with a wrong e-mail address, and one of another stream without a last name."""
    other = {**SCHEMA, "stream": "others"}
    nameless = {**record(3, last_name=None), "stream": "others"}
    run_target([SCHEMA, record(1, email=BAD), record(2, email=BAD), other, nameless], max_concurrent_requests=1)
    return Tool(run_target)


def fixed(path: Path, **changes: str) -> None:
    """Change a column of every row of an exported file."""
    rows = [*csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=";")]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0]], delimiter=";")
        writer.writeheader()
        writer.writerows({**row, **changes} for row in rows)


def one_line(ended: Result, status: int, words: str) -> None:
    assert ended.exit_code == status, ended.output
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert "Traceback" not in ended.stderr


def nobody_is_named(*ended: Result) -> None:
    for each in ended:
        assert [word for word in PERSONAL if word in each.output] == []


def test_list_shows_reasons_without_personal_data(rejects: Tool) -> None:
    """The format of the JSON is a promise."""
    first, *_ = rejects.listed()
    assert first == {
        "id": rejects.ids[0],
        "stream": "leads",
        "at": rejects.target([]).rejects[0]["at"],
        "reasons": [
            {
                "field": "email",
                "rule": "must be a valid e-mail address",
                "cure": "Give one plain address, e.g. name@example.org (it came from `email`)",
            }
        ],
    }
    shown = rejects("list")
    assert shown.exit_code == 0
    assert shown.stdout.count("`email` must be a valid e-mail address") == 2
    nobody_is_named(shown, rejects("list", "--json"))


def test_list_can_be_filtered(rejects: Tool) -> None:
    """The list can be filtered by stream, rule and age."""
    ids = rejects.ids
    assert [letter["id"] for letter in rejects.listed("--stream", "others")] == ids[2:]
    assert [letter["id"] for letter in rejects.listed("--rule", "Valid E-mail")] == ids[:2]
    assert [letter["id"] for letter in rejects.listed("--older-than", "0m")] == ids
    assert rejects.listed("--older-than", "1d") == []
    assert rejects("list", "--older-than", "1d").stdout == "No dead letters found.\n"
    one_line_of_usage = rejects("list", "--older-than", "soon")
    assert one_line_of_usage.exit_code == 2
    assert "such as 90d" in one_line_of_usage.stderr


def test_api_texts_are_shown_only_by_show(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """They may quote personal data: `list` leaves them out, `show` shows them."""
    body = {"title": "Bad", "status": 400, "errors": [{"name": "jane", "reason": "no Dupont1 here"}]}
    sandbox.script(on_post(FaultKind.STATUS, status=400, body=json.dumps(body), times=1))
    run_target([SCHEMA, record(1)])
    tool = Tool(run_target)
    nobody_is_named(tool("list"), tool("list", "--json"), tool("list", "--rule", "refused"))
    assert "no Dupont1 here" in tool("show", tool.ids[0]).stdout


def test_show_tells_where_each_value_came_from(rejects: Tool) -> None:
    """`show` prints the record, the reasons, and the lead with its source columns, also through stream maps."""
    id_ = rejects.ids[1]
    maps = {"leads": {"firstName": "message[:7]"}}
    shown = json.loads(rejects("show", id_[:6], "--json", stream_maps=maps, defaults={"language": "FR"}).stdout)
    assert shown["record"] == lead(2, email=BAD)
    assert shown["reasons"][0]["field"] == "email"
    assert (shown["id"], shown["stream"], shown["key_properties"]) == (id_, "leads", ["id"])
    found = {value["field"]: (value["value"], value["from"]) for value in shown["lead"]}
    assert found["lastName"] == ("Dupont2", ["last_name"])
    assert found["firstName"] == ("Bonjour", ["message"])
    assert found["language"] == ("FR", ["defaults"])
    assert found["phoneNumbers[0]"][1] == ["mobile"]
    text = rejects("show", id_).stdout
    assert BAD in text
    assert "must be a valid e-mail address" in text


@pytest.mark.parametrize("command", ["show", "retry"])
def test_id_must_match_one_letter(rejects: Tool, sandbox: Sandbox, command: str) -> None:
    """The command ends with one line and 2, and nothing is sent."""
    one_line(rejects(command, "rffffffffffffffff"), 2, "No dead letter has the id 'rffffffffffffffff'")
    one_line(rejects(command, "r"), 2, "The id 'r' matches 3 letters: ")
    assert not sandbox.created
    assert len(rejects.ids) == 3


def test_failed_retry_keeps_one_letter_with_new_reasons(rejects: Tool, sandbox: Sandbox) -> None:
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


def test_delivered_letters_are_removed(rejects: Tool, sandbox: Sandbox) -> None:
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


def test_letter_delivered_by_another_run_is_removed(rejects: Tool, sandbox: Sandbox) -> None:
    """If the source was fixed and sent, the ledger knows the lead, and its letter is counted and removed."""
    rejects.target([SCHEMA, record(1)])
    ended = rejects("retry")
    assert ended.stdout == "0 delivered, 1 delivered before, 2 failed again\n"
    assert len(rejects.ids) == 2
    assert created_names(sandbox) == names(1)


def test_a_file_that_could_not_be_changed_costs_no_second_lead(
    rejects: Tool, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
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
    tool = Tool(run_target)
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


def test_excluded_letters_stay_in_the_file(rejects: Tool, sandbox: Sandbox) -> None:
    """A letter that a filter or `deleted_when` excludes stays in the file."""
    ids = rejects.ids
    maps = {"leads": {"__filter__": "id != 1"}, "others": {"last_name": "'Fixed'"}}
    ended = rejects("retry", stream_maps=maps, deleted_when="id=3")
    assert ended.stdout == "0 delivered, 1 failed again, 2 not sent, not meant to become leads\n"
    assert rejects.ids == ids
    assert not sandbox.created


def test_run_that_ends_early_removes_delivered_letters(rejects: Tool, sandbox: Sandbox) -> None:
    """The other letters stay as they were; the error says why."""
    maps = {"leads": {"email": "'fixed@example.com'"}, "others": {"last_name": "'Fixed'"}}
    sandbox.script(on_post(FaultKind.STATUS, status=429, retry_after=1000, after=1))
    ended = rejects("retry", stream_maps=maps, max_concurrent_requests=1)
    assert ended.exit_code == 1
    assert ended.stdout == "1 delivered, 0 failed again, 2 not settled\n"
    assert len(rejects.ids) == 2
    assert len(sandbox.created) == 1


def test_letters_fixed_in_a_spreadsheet_are_delivered(rejects: Tool, sandbox: Sandbox, tmp_path: Path) -> None:
    """Letters of several streams are delivered; the same file given again changes nothing."""
    file = tmp_path / "rejects.csv"
    exported = rejects("export", file)
    assert (exported.exit_code, exported.stdout) == (0, "3 exported\n")
    nobody_is_named(exported)
    fixed(file, email="jane@example.com", last_name="Fixed")
    ended = rejects("retry", "--from", file)
    assert (ended.exit_code, ended.stdout) == (0, "3 delivered, 0 failed again\n")
    assert rejects.lines == b""
    assert created_names(sandbox) == ["Fixed"] * 3
    assert {lead["message"][-1] for lead in sandbox.created} == {"1", "2", "3"}
    again = rejects("retry", "--from", file)
    assert (again.exit_code, again.stdout) == (0, "0 delivered, 0 failed again\n")
    assert "Skipped 3 rows whose letters were delivered or purged" in again.stderr


def test_insufficient_correction_is_kept(rejects: Tool, sandbox: Sandbox, tmp_path: Path) -> None:
    """The letter keeps its id and gets the new values, so the same file can be corrected again."""
    file = tmp_path / "rejects.csv"
    ids = rejects.ids
    rejects("export", file)
    fixed(file, email="jane at example.com", last_name="Fixed")
    ended = rejects("retry", ids[0], "--from", file)
    assert ended.stdout == "0 delivered, 1 failed again\n"
    assert rejects.ids == ids
    first, second, _ = map(json.loads, rejects.lines.splitlines())
    assert (first["record"]["email"], second["record"]["email"]) == ("jane at example.com", BAD)
    fixed(file, email="jane@example.com")
    assert rejects("retry", "--from", file).stdout == "3 delivered, 0 failed again\n"
    assert (rejects.lines, len(sandbox.created)) == (b"", 3)


def test_a_wrong_file_changes_nothing(rejects: Tool, sandbox: Sandbox, tmp_path: Path) -> None:
    """The command ends with one line and 2."""
    before = rejects.lines
    file = tmp_path / "other.csv"
    file.write_text("nom;mail\nDurand;luc@example.org\n")
    one_line(rejects("retry", "--from", file), 2, "has no column `letter_id`")
    one_line(rejects("retry", "--from", tmp_path / "none.csv"), 2, "does not exist")
    assert rejects.lines == before
    assert not sandbox.created


def test_full_disk_during_the_export(rejects: Tool, tmp_path: Path) -> None:
    """The command ends with one line, and no incomplete file stays."""
    file = tmp_path / "rejects.csv"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, limits[1]))
    try:
        ended = rejects("export", file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    one_line(ended, 1, "could not be written (File too large): give a path on a disk with free space")
    assert not file.exists()


@pytest.mark.parametrize("command", [("retry",), ("purge", "--older-than", "0m")])
def test_file_locked_by_another_program(
    rejects: Tool, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Nothing is sent or changed; one line says how to find the program."""
    monkeypatch.setattr(locked_file, "LOCK_TIMEOUT_SECONDS", 0.0)
    before = rejects.lines
    handle = os.open(rejects.target.rejects_path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        one_line(rejects(*command), 1, "another program holds the file locked (`fuser` shows which one)")
    finally:
        os.close(handle)
    assert rejects.lines == before
    assert not sandbox.created


def test_a_ledger_of_a_newer_format(rejects: Tool, sandbox: Sandbox) -> None:
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


def test_old_letters_are_purged(rejects: Tool) -> None:
    """Only older letters are purged; a dry run only counts them."""
    lines = [json.loads(line) for line in rejects.lines.splitlines()]
    lines[1]["at"] = "2025-01-01T00:00:00Z"
    rejects.target.rejects_path.write_text("".join(json.dumps(line) + "\n" for line in lines) + "half a line")
    ids = rejects.ids
    dry = rejects("purge", "--older-than", "90d", "--dry-run")
    assert (dry.exit_code, dry.stdout, rejects.ids) == (0, "Would purge 1\n", ids)
    purged = rejects("purge", "--older-than", "90d", "--json")
    assert (purged.exit_code, json.loads(purged.stdout)) == (0, {"purged": 1, "dry_run": False})
    assert rejects.ids == [ids[0], ids[2]]
    assert rejects.lines.endswith(b"half a line")
    assert "1 lines of the file are not dead letters" in rejects("list").stderr
    assert rejects("purge").exit_code == 2


def test_reading_letters_needs_no_account(rejects: Tool) -> None:
    """Only `retry` calls the API; the other commands do not create a ledger."""
    settings = {"rejects_path": str(rejects.target.rejects_path), "ledger_url": "postgresql://nobody@nowhere/none"}
    config = rejects.target.folder / "no-account.json"
    config.write_text(json.dumps(settings))
    for command in (["list"], ["show", rejects.ids[0]], ["purge", "--older-than", "1d"]):
        assert CliRunner().invoke(main, ["rejects", *command, "--config", str(config)]).exit_code == 0


def test_missing_file_of_letters_is_not_an_error(run_target: TargetRunner) -> None:
    """Before the first run, there is no file and nothing to do."""
    tool = Tool(run_target)
    assert tool("list").stdout == "No dead letters found.\n"
    assert tool.listed() == []
    retried = tool("retry")
    assert (retried.exit_code, retried.stdout) == (0, "0 delivered, 0 failed again\n")
    assert tool("purge", "--older-than", "1d").stdout == "Purged 0\n"
    assert not run_target.rejects_path.exists()
    assert not run_target.ledger_path.exists()


def test_equal_letters_are_all_sent_without_deduplication(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """With `dedupe_by: none`, each letter is sent, even if its values repeat."""
    run_target([SCHEMA, record(1, email=BAD), record(1, email=BAD)], dedupe_by="none")
    tool = Tool(run_target)
    ended = tool("retry", dedupe_by="none", stream_maps={"leads": {"email": "'fixed@example.com'"}})
    assert ended.stdout == "2 delivered, 0 failed again\n"
    assert len(sandbox.created) == 2
    assert tool.ids == []
