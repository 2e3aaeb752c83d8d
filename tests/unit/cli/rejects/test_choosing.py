from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.rejects.choosing import Filter, letter_of
from seeker_leads_cli.rejects.letters import Letter
from target_seeker_leads.dead_letters import Reason

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


def letter(id_: str = "r1", rule: str = "is required", at: datetime | None = NOW - timedelta(days=90)) -> Letter:
    return Letter(id_, "leads", (), {}, (Reason("email", rule, ""),), at)


@pytest.mark.parametrize(
    ("wanted", "is_taken"),
    [
        (Filter(), True),
        (Filter(stream="leads"), True),
        (Filter(stream="lead"), False),
        (Filter(rule="REQUIRED"), True),
        (Filter(rule="valid"), False),
        (Filter(older_than=timedelta(days=89)), True),
        (Filter(older_than=timedelta(days=90)), False),
        (Filter("leads", "is", timedelta(days=100)), False),
    ],
)
def test_a_filter_takes_what_it_says(wanted: Filter, *, is_taken: bool) -> None:
    """Stream exactly, a part of a rule in any case, and what is older than an age; all of them together."""
    assert wanted.takes(letter(), NOW) is is_taken


def test_what_has_no_age_is_not_old() -> None:
    """So nothing is purged whose age nobody knows."""
    assert not Filter(older_than=timedelta()).takes(letter(at=None), NOW)


def test_words_of_the_api_are_not_searched() -> None:
    """What a filter finds would tell what they say."""
    assert not Filter(rule="Dupont").takes(letter(rule="the API says: no Dupont"), NOW)
    assert Filter(rule="the API refused it").takes(letter(rule="the API says: no Dupont"), NOW)


def test_an_id_may_be_abbreviated() -> None:
    """Up to where it is that of one letter; a whole id is its own letter's, whatever else begins with it."""
    letters = {id_: letter(id_) for id_ in ("r12", "r123", "r2")}
    assert letter_of(letters, "r2").id == "r2"
    assert letter_of(letters, "r12").id == "r12"
    assert letter_of(letters, "r123").id == "r123"
    with pytest.raises(SettingsError, match=r"'r1' is that of 2 letters: r12, r123; write more of it"):
        letter_of(letters, "r1")


@pytest.mark.parametrize("id_", ["r3", "", "12"])
def test_an_unknown_id_is_named(id_: str) -> None:
    """With where ids are shown; an empty one is not the beginning of all."""
    with pytest.raises(SettingsError, match="No dead letter has the id"):
        letter_of({"r12": letter()}, id_)
