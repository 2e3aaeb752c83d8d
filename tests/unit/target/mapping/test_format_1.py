from __future__ import annotations

from typing import Any

import pytest

from target_seeker_leads.mapping.format_1 import FORMAT_1
from target_seeker_leads.mapping.record_to_request import to_request

OLD: dict[str, Any] = {"nom": "Exemple", "contact": {"email": "zoe@example.org"}, "portable": "0639980001"}


@pytest.mark.parametrize(
    "new",
    [
        {"Civilité": "Mme"},
        {"Date": "2026-11-23"},
        {"Réf. annonce": "26ABCDEFGHJK"},
        {"Tél. portable": "0639980002"},
        {"property": {"listing_id": "26ABCDEFGHJK"}},
    ],
)
def test_names_that_came_later_do_not_change_what_was_read_then(new: dict[str, Any]) -> None:
    """A record without a key that was delivered before the names were known is recognised, and is not sent again."""
    assert to_request({**OLD, **new}, FORMAT_1).request == to_request(OLD, FORMAT_1).request
    assert to_request({**OLD, **new}).request != to_request(OLD).request


@pytest.mark.parametrize(
    ("field", "value", "then"),
    [("gender", "Mme", "MME"), ("language", "français", "FRANÇAIS"), ("lang", "fr_FR", "FR")],
)
def test_words_are_not_read(field: str, value: str, then: str) -> None:
    """Codes were upper-cased, and locales gave their language; words had no meaning."""
    assert list(to_request({field: value}, FORMAT_1).request.values()) == [then]
