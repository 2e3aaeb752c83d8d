"""`seeker-leads send` to the sandbox."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main

if TYPE_CHECKING:
    from click.testing import Result

    from seeker_leads_sandbox import Sandbox

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
EXPORT = EXAMPLES / "export-crm.csv"
Send = Callable[..., Any]


@pytest.fixture
def send(sandbox: Sandbox, tmp_path: Path) -> Send:
    """Send a file with the settings of the test."""
    config = tmp_path / "config.json"
    settings = {
        "api_url": sandbox.api_url,
        "auth_token": sandbox.options.token,
        "rate_limit_requests": 1000,
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.db'}",
        "rejects_path": str(tmp_path / "rejects.jsonl"),
        "timezone": "Europe/Paris",
    }

    def run(*arguments: str | Path, given: bytes = b"", **more: Any) -> Result:
        config.write_text(json.dumps({**settings, **more}))
        return CliRunner().invoke(main, ["send", *map(str, arguments), "--config", str(config)], input=given)

    return run


def letters(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "rejects.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("key", [(), ("--key", "Réf. contact")])
def test_a_french_export_is_sent_once(send: Send, sandbox: Sandbox, tmp_path: Path, key: tuple[str, ...]) -> None:
    """34 of 40 rows are sent, with 14:30 in Paris as 13:30Z; the others are dead letters; a second run sends none."""
    ended = send(EXPORT, *key)
    assert ended.exit_code == 0, ended.stderr
    assert ended.stderr.startswith(f"Ledger: {tmp_path / 'ledger.db'}\n")
    assert "34 created, 0 skipped as delivered before, 6 rejected" in ended.stderr
    assert len(sandbox.created) == 34
    assert "Rejected 1 x `email` must be a valid e-mail address (from `Adresse e-mail`)" in ended.stderr
    assert "Columns of `leads` that were not used: " in ended.stderr
    unused = ended.stderr.partition("that were not used: ")[2].splitlines()[0].split(", ")
    assert {"Annonce", "Ville", "Consentement RGPD"} <= set(unused)
    assert "Nom" not in unused
    assert ("Réf. contact" in unused) == (not key)
    assert ("stream `leads` has no key: a corrected row counts as a new lead" in ended.stderr) == (not key)
    (first,) = (lead for lead in sandbox.created if lead["lastName"] == "Lefèvre")
    assert first["submittedDate"] == "2026-11-05T13:30:00Z"
    assert (first["gender"], first["language"]) == ("MALE", "FR")
    kept = letters(tmp_path)
    assert len(kept) == 6
    assert {letter["stream"] for letter in kept} == {"leads"}
    assert all(letter["key_properties"] == list(key[1:]) for letter in kept)
    again = send(EXPORT, *key)
    assert again.exit_code == 0
    assert "0 created, 34 skipped as delivered before, 0 rejected, 6 skipped as rejected before" in again.stderr
    assert len(sandbox.created) == 34


@pytest.mark.parametrize("key", [(), ("--key", "Réf. contact"), ("--key", "Agence"), ("--key", "Civilité")])
def test_preview_counts_what_a_run_does(send: Send, sandbox: Sandbox, tmp_path: Path, key: tuple[str, ...]) -> None:
    """With or without a key, and with repeated, empty or wrong rows, the counts are those of a run."""
    rows = EXPORT.read_bytes() + b"".join(EXPORT.read_bytes().splitlines(keepends=True)[1:8])
    ended = send("-", *key, given=rows, max_concurrent_requests=1)
    output = CliRunner().invoke(
        main, ["preview", "-", "--json", *key, "--config", str(tmp_path / "config.json")], input=rows
    )
    counts = json.loads(output.stdout)
    created, again, rejected = re.findall(r"(\d+) (?:created|skipped as delivered before|rejected)", ended.stderr)[:3]
    assert counts["sendable"] == int(created) == len(sandbox.created)
    assert counts["rejected"] == int(rejected)
    assert counts["rows"] == counts["sendable"] + counts["rejected"] + counts["doubled"] > 40
    assert counts["doubled"] >= int(again) > 0


def test_columns_without_a_name_are_reported(send: Send, sandbox: Sandbox) -> None:
    """Merged cells of a header hide a column: preview and run say so, and the preview's JSON stays JSON."""
    rows = (
        "Nom;Adresse e-mail;Téléphone;;N° annonce;Message;Reçu le;\n"
        "Durand;luc@example.org;01 39 98 00 01;06 39 98 00 01;26ABCDEFGHJK;Bonjour;2026-11-20 14:30;\n"
    ).encode()
    words = "Not used, because the first row has no name for them: columns 4."
    assert words in send("-", given=rows).stderr
    assert len(sandbox.created) == 1
    previewed = CliRunner().invoke(main, ["preview", "-", "--json"], input=rows)
    assert words in previewed.stderr
    assert json.loads(previewed.stdout)["rows"] == 1
    assert "Not used, because" not in send("-", given=rows.replace(b"06 39 98 00 01", b"")).stderr


def test_file_name_is_not_part_of_a_lead(send: Send, sandbox: Sandbox, tmp_path: Path) -> None:
    """The same rows in a file of another name are the same leads; in another stream, they are other leads."""
    copy = tmp_path / "export 2.csv"
    copy.write_bytes(EXPORT.read_bytes())
    send(EXPORT, "--key", "Réf. contact")
    send(copy, "--key", "Réf. contact")
    assert len(sandbox.created) == 34
    send(copy, "--key", "Réf. contact", "--stream", "other agency")
    assert len(sandbox.created) == 68


def test_a_dry_run_sends_nothing(send: Send, sandbox: Sandbox, tmp_path: Path) -> None:
    """It reports what a run would do, also by the ledger, and writes nothing."""
    ended = send(EXPORT, "--dry-run")
    assert ended.exit_code == 0
    assert "Dry run, nothing was sent or written: " in ended.stderr
    assert not sandbox.created
    assert not (tmp_path / "rejects.jsonl").exists()
    assert not (tmp_path / "ledger.db").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (EXPORT.read_bytes() + b"too;few\r\n", "has 2 cells, but the header has 27"),
        (EXPORT.read_bytes() + b"\x81", "is not UTF-8 or CP1252"),
        (b'{"type": "SCHEMA", "stream": "a", "schema": {"properties": {}}}\nhello\n', "Line 2 of stdin is not"),
    ],
)
def test_a_file_that_is_broken_at_its_end_changes_nothing(
    send: Send, sandbox: Sandbox, tmp_path: Path, given: bytes, words: str
) -> None:
    """The whole file is read before the first row is sent."""
    ended = send("-", given=given)
    assert ended.exit_code == 2
    assert words in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert not sandbox.created
    assert not (tmp_path / "ledger.db").exists()


def test_exit_statuses_are_the_targets(send: Send, sandbox: Sandbox) -> None:
    """A wrong setting ends with 2, a run that cannot send with 1; both report the reason in one line."""
    wrong = send(EXPORT, max_rejects="many")
    assert wrong.exit_code == 2
    assert "`max_rejects`" in wrong.stderr
    refused = send(EXPORT, auth_token="wrong")
    assert refused.exit_code == 1
    assert "401" in refused.stderr
    assert not sandbox.created


def test_all_rows_rejected_is_an_error(send: Send) -> None:
    """As in the target, this means that the mapping is wrong."""
    ended = send("-", given=b"nom;mail\nDurand;luc@example.org\nPetit;lea@example.org\n")
    assert ended.exit_code == 1
    assert "All 2 records were rejected" in ended.stderr


def test_singer_messages_are_sent(send: Send, sandbox: Sandbox, tmp_path: Path) -> None:
    """Fixed dead letters can be sent without conversion."""
    send(EXPORT, "--key", "Réf. contact")
    fixed = (tmp_path / "rejects.jsonl").read_text("utf-8").replace("(at)", "@")
    ended = send("-", given=fixed.encode())
    assert "1 created, 0 skipped as delivered before, 5 rejected" in ended.stderr
    assert len(sandbox.created) == 35


def test_file_without_rows_is_not_an_error(send: Send) -> None:
    """An export without leads ends with 0."""
    ended = send("-", given=b"nom;mail\n")
    assert ended.exit_code == 0
    assert "0 created" in ended.stderr
