"""The private methods of the SDK that the plugins override."""

from __future__ import annotations

import inspect

import pytest

from seeker_leads_singer.command import PluginCommand
from tap_seeker_leads.state.bookmarks import BookmarkManager
from tap_seeker_leads.streams import LeadsStream
from tap_seeker_leads.tap import TapSeekerLeads
from tap_seeker_leads.writer import PageWriter
from target_seeker_leads.singer.reader import LineReader
from target_seeker_leads.target import TargetSeekerLeads
from tests.pages import text_of

#: `docs/upstream.md` gives the reason for each. There may never be more than four.
ALLOWED = {"Tap._reset_state_progress_markers", "Stream._sync_records"}
#: Python itself adds this to every abstract class.
PYTHON_NAMES = {"_abc_impl"}
OURS = (TapSeekerLeads, LeadsStream, BookmarkManager, PageWriter, TargetSeekerLeads, LineReader, PluginCommand)


def is_ours(cls: type) -> bool:
    return cls.__module__.startswith(("seeker_leads_", "tap_seeker_leads", "target_seeker_leads"))


def overridden(cls: type) -> set[str]:
    """Return the names with one leading underscore that both our classes and the SDK's define."""
    mro = inspect.getmro(cls)
    own = {name for each in mro if is_ours(each) for name in vars(each) if name[0] == "_" != name[1]} - PYTHON_NAMES
    others = [each for each in mro if each.__module__.startswith("singer_sdk")]
    return {f"{each.__name__}.{name}" for name in own for each in others if name in vars(each)}


def test_private_methods_of_the_sdk_that_are_overridden() -> None:
    """Only the known private methods of the SDK are overridden, and each of them still exists."""
    assert set().union(*map(overridden, OURS)) == ALLOWED
    assert len(ALLOWED) <= 4


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_private_method_is_explained(name: str) -> None:
    """Each overridden method has a section that can be sent upstream."""
    assert f"`{name}`" in text_of("docs/upstream.md")
