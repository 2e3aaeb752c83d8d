"""The list of accounts: the resulting settings of each, and refused lists."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS, Account, parse_accounts
from seeker_leads_api.declarations import read
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.settings import CONNECTION_SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

DECLARED = {**CONNECTION_SETTINGS, **ACCOUNTS_SETTINGS}
CLIENT = {"client_id": "ours", "client_secret": "s3cret-of-ours"}


def parse(**config: Any) -> tuple[Account, ...]:
    return parse_accounts(read(config, DECLARED))


def test_without_a_list_there_is_one_account_without_a_label() -> None:
    """Without a list, there is one account without a label, as before."""
    (account,) = parse(**CLIENT, intermediary_id="ag-1")
    assert (account.label, account.place) == (None, "")
    assert account.connection.credentials
    assert account.connection.credentials.intermediary_id == "ag-1"


def test_item_has_what_it_lacks_from_the_settings_beside_the_list() -> None:
    """An `intermediary_id` is enough if the client is common to all accounts."""
    one, two = parse(
        **CLIENT, accounts=[{"label": "A", "intermediary_id": "1"}, {"label": "B", "intermediary_id": "2"}]
    )
    found = [(each.label, each.connection.credentials) for each in (one, two)]
    assert [(label, of and (of.client_id, of.intermediary_id)) for label, of in found] == [
        ("A", ("ours", "1")),
        ("B", ("ours", "2")),
    ]


def test_own_way_to_authenticate_replaces_the_one_beside_the_list() -> None:
    """A token in an item replaces a common client, and a client replaces a common token."""
    (one,) = parse(**CLIENT, accounts=[{"label": "A", "auth_token": "own"}])
    assert (one.connection.auth_token, one.connection.credentials) == ("own", None)
    (two,) = parse(auth_token="common", accounts=[{"label": "A", "client_id": "own", "client_secret": "x"}])
    assert two.connection.auth_token is None
    assert two.connection.credentials
    assert two.connection.credentials.client_id == "own"


@pytest.mark.parametrize(
    ("accounts", "words"),
    [
        ([], "`accounts` is an empty list"),
        ([{"label": "A"}, {"label": "A"}], "accounts 1 and 2 have the same `label` 'A'"),
        ([{"label": "Caf\u00e9"}, {"label": "Cafe\u0301"}], "accounts 1 and 2 have the same `label`"),
        ([{"intermediary_id": "1"}], "account 1 has no `label`"),
        ([{"label": 7}], "put a number in quotes"),
        ([{"label": "A\u0000"}], "without control characters"),
        ([{"label": "A\nB"}], "without control characters"),
        ([{"label": " A"}], "surrounding blanks"),
        ([{"label": "A" * 101}], "at most 100 characters"),
        (
            [{"label": "A", "intermediary": "1"}],
            r"unknown field 'intermediary'.*`intermediary_id`",
        ),
        ([{"label": "A", "intermediary_id": ""}], "`intermediary_id` is empty"),
        ([{"label": "A", "intermediary_id": 5}], "`intermediary_id` must be text"),
        ([{"label": "A", "auth_token": "t", "client_id": "c", "client_secret": "s"}], r"\('A'\): `auth_token` and"),
        ([{"label": "A", "client_id": "c"}], r"\('A'\): `client_id` is set without `client_secret`"),
        ([{"label": "A", "auth_token": "two words"}], r"\('A'\): `auth_token` must be only the token"),
        ([{"label": "A"}, {"label": "B"}], "'A' and 'B' are the same account"),
        ("A", "must be a list of objects"),
        (["A"], "must be a list of objects"),
    ],
)
def test_list_that_cannot_be_meant_is_refused(accounts: object, words: str) -> None:
    """The message names the item and the cure, and never a secret."""
    with pytest.raises(SettingsError, match=words) as caught:
        parse(**CLIENT, accounts=accounts)
    assert "s3cret" not in str(caught.value)


def test_item_without_any_way_to_authenticate_is_refused() -> None:
    """A way to authenticate is required, in the item or beside the list."""
    with pytest.raises(SettingsError, match=r"\('A'\): No credentials are set"):
        parse(accounts=[{"label": "A"}])


def test_five_thousand_accounts_are_parsed_at_once() -> None:
    """Parsing takes time in proportion to the number of accounts."""
    began = time.process_time()
    accounts = parse(**CLIENT, accounts=[{"label": f"A{n}", "intermediary_id": str(n)} for n in range(5000)])
    assert len({account.label for account in accounts}) == 5000
    assert time.process_time() - began < 2


def test_file_of_accounts_is_its_owners_alone(tmp_path: Path) -> None:
    """A file that others can read is refused; the message says what to do."""
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps([{"label": "A", "auth_token": "s3cret"}]))
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="can be read by others: run chmod 600"):
        parse(accounts_path=str(path))
    path.chmod(0o600)
    (account,) = parse(accounts_path=str(path))
    assert account.connection.auth_token == "s3cret"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist"),
        (b"\xff", "is not JSON in UTF-8"),
        (b"[", "is not JSON"),
        (b"{}", "must hold a JSON list"),
        (b"[1]", "must hold a JSON list of objects"),
        (b"[]", "`accounts_path` is an empty list"),
    ],
)
def test_file_that_holds_no_accounts_is_refused(tmp_path: Path, content: bytes | None, words: str) -> None:
    """The message names the file."""
    path = tmp_path / "accounts.json"
    if content is not None:
        path.touch(0o600)
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=words):
        parse(**CLIENT, accounts_path=str(path))
    with pytest.raises(SettingsError, match=r"is not a file|cannot be read"):
        parse(**CLIENT, accounts_path=str(tmp_path))


def test_list_and_file_are_not_both_given() -> None:
    """Setting both `accounts` and `accounts_path` is refused."""
    with pytest.raises(SettingsError, match="are both set"):
        parse(accounts=[{"label": "A"}], accounts_path="accounts.json")
