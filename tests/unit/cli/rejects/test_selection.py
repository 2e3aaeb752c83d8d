from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.rejects.letters import Letter
from seeker_leads_cli.rejects.selection import Filter, letter_of
from target_seeker_leads.dead_letters import Reason

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


def letter(id_: str = "r1", rule: str = "is required", at: datetime | None = NOW - timedelta(days=90)) -> Letter:
    return Letter(id_, "leads", (), {}, (Reason("email", rule, ""),), at)


@pytest.mark.parametrize(
    ("wanted", "is_match"),
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
def test_filter_matches_all_its_criteria(wanted: Filter, *, is_match: bool) -> None:
    """A filter matches the exact stream, a part of the rule in any case, and a minimum age, all together."""
    assert wanted.matches(letter(), NOW) is is_match


def test_letter_of_unknown_age_is_not_old() -> None:
    """So a letter of unknown age is never purged."""
    assert not Filter(older_than=timedelta()).matches(letter(at=None), NOW)


def test_filter_does_not_search_api_texts() -> None:
    """Otherwise, the results of a filter would reveal personal data in these texts."""
    assert not Filter(rule="Dupont").matches(letter(rule="the API says: no Dupont"), NOW)
    assert Filter(rule="the API refused it").matches(letter(rule="the API says: no Dupont"), NOW)


def test_an_id_may_be_abbreviated() -> None:
    """An abbreviation must match one letter; a complete id matches its letter even if other ids begin with it."""
    letters = {id_: letter(id_) for id_ in ("r12", "r123", "r2")}
    assert letter_of(letters, "r2").id == "r2"
    assert letter_of(letters, "r12").id == "r12"
    assert letter_of(letters, "r123").id == "r123"
    with pytest.raises(SettingsError, match=r"'r1' matches 2 letters: r12, r123; give more of it"):
        letter_of(letters, "r1")


@pytest.mark.parametrize("id_", ["r3", "", "12"])
def test_an_unknown_id_is_named(id_: str) -> None:
    """The message names the command that shows ids; an empty id matches nothing."""
    with pytest.raises(SettingsError, match="No dead letter has the id"):
        letter_of({"r12": letter()}, id_)
