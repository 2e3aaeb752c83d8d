"""The bookmark of one account, as the state stores it."""

from __future__ import annotations

from typing import Any

import pytest

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.state.bookmark import Bookmark
from tap_seeker_leads.state.refresh import Cycle
from tests.tap_runs import NOW

PLACE = "bookmarks.leads"
AT_NOW = "2026-11-23T08:00:00Z"
#: The same instant, as a state written by hand may have it.
WRITTEN_BY_HAND = "2026-11-23T09:00:00+01:00"
MINUTE = 60


def bookmark(entry: dict[str, Any], changes: list[int] | None = None) -> Bookmark:
    changes = [] if changes is None else changes
    return Bookmark(entry, PLACE, on_change=lambda: changes.append(1))


def test_empty_state_has_no_bookmark() -> None:
    """An entry without instants is that of a first run."""
    empty = bookmark({})
    assert (empty.read(), empty.last_lead, empty.refresh) == (None, None, None)


def test_bookmark_moves_and_never_back() -> None:
    """A later instant is stored, in the form of the Singer specification, and announced; any other changes nothing."""
    changes: list[int] = []
    entry: dict[str, Any] = {"replication_key_value": WRITTEN_BY_HAND}
    way = bookmark(entry, changes)
    assert way.read() == NOW
    assert [way.advance(NOW - 1), way.advance(NOW)] == [False, False]
    assert (entry, changes) == ({"replication_key_value": WRITTEN_BY_HAND}, [])
    assert way.advance(NOW + MINUTE)
    assert entry == {"replication_key": "ingestionDate", "replication_key_value": "2026-11-23T08:01:00Z"}
    assert (way.read(), changes) == (NOW + MINUTE, [1])


def test_first_bookmark_is_stored() -> None:
    """The first instant is stored, whatever it is."""
    way = bookmark({})
    assert way.advance(0)
    assert way.read() == 0


def test_latest_lead_is_stored() -> None:
    """The date of the latest lead is kept: of leads in any order, and over runs. It is written with the next state."""
    changes: list[int] = []
    entry: dict[str, Any] = {}
    way = bookmark(entry, changes)
    for seconds in (0, MINUTE, MINUTE - 1):
        way.note_lead(NOW + seconds)
    assert entry == {"last_lead_at": "2026-11-23T08:01:00Z"}
    assert (way.last_lead, changes) == (NOW + MINUTE, [])


def test_lead_that_is_not_later_leaves_the_entry_as_it_is() -> None:
    """An entry that is already right is not written anew."""
    entry = {"last_lead_at": WRITTEN_BY_HAND}
    bookmark(entry).note_lead(NOW)
    assert entry == {"last_lead_at": WRITTEN_BY_HAND}


@pytest.mark.parametrize("verified_since", [NOW - 2 * MINUTE, None])
def test_refresh_is_read_as_it_was_stored(verified_since: int | None) -> None:
    """How far the refresh has come survives the state; storing the same again changes nothing."""
    changes: list[int] = []
    entry: dict[str, Any] = {}
    cycle = Cycle(NOW, NOW - MINUTE, verified_since)
    way = bookmark(entry, changes)
    way.note_refresh(cycle)
    assert entry == {
        "refresh": {
            "next": AT_NOW,
            "cycle_started_at": "2026-11-23T07:59:00Z",
            "verified_since": None if verified_since is None else "2026-11-23T07:58:00Z",
        }
    }
    assert bookmark(entry).refresh == cycle
    way.note_refresh(cycle)
    assert changes == [1]
    way.note_refresh(Cycle(NOW + 1, NOW, verified_since))
    assert changes == [1, 1]


def test_refresh_of_a_state_without_verification_goes_on() -> None:
    """`verified_since` may be missing: nothing counts as verified."""
    entry = {"refresh": {"next": AT_NOW, "cycle_started_at": AT_NOW}}
    assert bookmark(entry).refresh == Cycle(NOW, NOW, None)


@pytest.mark.parametrize(
    ("entry", "place", "cure"),
    [
        ({"replication_key_value": "yesterday"}, "replication_key_value", "not an ISO 8601 date-time: correct it"),
        ({"replication_key_value": 5}, "replication_key_value", "not an ISO 8601 date-time: correct it"),
        ({"last_lead_at": "yesterday"}, "last_lead_at", "not an ISO 8601 date-time: correct it"),
        ({"refresh": []}, "refresh", "not an object: remove the entry"),
        ({"refresh": "soon"}, "refresh", "not an object: remove the entry"),
        ({"refresh": {}}, "refresh", "lacks `next`: remove the entry"),
        ({"refresh": {"next": AT_NOW}}, "refresh", "lacks `cycle_started_at`: remove the entry"),
        ({"refresh": {"cycle_started_at": AT_NOW}}, "refresh", "lacks `next`: remove the entry"),
        ({"refresh": {"next": "soon"}}, "refresh.next", "not an ISO 8601 date-time: correct it"),
        (
            {"refresh": {"next": AT_NOW, "cycle_started_at": AT_NOW, "verified_since": "never"}},
            "refresh.verified_since",
            "not an ISO 8601 date-time: correct it",
        ),
    ],
)
def test_damaged_entry_is_named_with_its_cure(entry: dict[str, Any], place: str, cure: str) -> None:
    """A value that is not what the tap writes is named by its place in the state, with what to do, not passed over."""
    with pytest.raises(SettingsError) as raised:
        (bookmark(entry).read(), bookmark(entry).last_lead, bookmark(entry).refresh)
    assert str(raised.value).startswith(f"The state's `{PLACE}.{place}` ")
    assert cure in str(raised.value)
