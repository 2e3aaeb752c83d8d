"""`seeker-leads rejects list`, `show` and `purge`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from seeker_leads_sandbox import FaultKind
from tests.posted_leads import on_post
from tests.rejects_commands import BAD, RejectsCommand, nobody_is_named, one_line
from tests.singer_input import SCHEMA, lead, record

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner


def test_list_shows_reasons_without_personal_data(rejects: RejectsCommand) -> None:
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


def test_list_can_be_filtered(rejects: RejectsCommand) -> None:
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
    tool = RejectsCommand(run_target)
    nobody_is_named(tool("list"), tool("list", "--json"), tool("list", "--rule", "refused"))
    assert "no Dupont1 here" in tool("show", tool.ids[0]).stdout


def test_show_tells_where_each_value_came_from(rejects: RejectsCommand) -> None:
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
def test_id_must_match_one_letter(rejects: RejectsCommand, sandbox: Sandbox, command: str) -> None:
    """The command ends with one line and 2, and nothing is sent."""
    one_line(rejects(command, "rffffffffffffffff"), 2, "No dead letter has the id 'rffffffffffffffff'")
    one_line(rejects(command, "r"), 2, "The id 'r' matches 3 letters: ")
    assert not sandbox.created
    assert len(rejects.ids) == 3


def test_old_letters_are_purged(rejects: RejectsCommand) -> None:
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


def test_reading_letters_needs_no_account(rejects: RejectsCommand) -> None:
    """Only `retry` calls the API; the other commands do not create a ledger."""
    settings = {"rejects_path": str(rejects.target.rejects_path), "ledger_url": "postgresql://nobody@nowhere/none"}
    config = rejects.target.folder / "no-account.json"
    config.write_text(json.dumps(settings))
    for command in (["list"], ["show", rejects.ids[0]], ["purge", "--older-than", "1d"]):
        assert CliRunner().invoke(main, ["rejects", *command, "--config", str(config)]).exit_code == 0


def test_missing_file_of_letters_is_not_an_error(run_target: TargetRunner) -> None:
    """Before the first run, there is no file and nothing to do."""
    tool = RejectsCommand(run_target)
    assert tool("list").stdout == "No dead letters found.\n"
    assert tool.listed() == []
    retried = tool("retry")
    assert (retried.exit_code, retried.stdout) == (0, "0 delivered, 0 failed again\n")
    assert tool("purge", "--older-than", "1d").stdout == "Purged 0\n"
    assert not run_target.rejects_path.exists()
    assert not run_target.ledger_path.exists()
