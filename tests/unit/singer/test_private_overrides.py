"""What of the SDK's private code the plugins replace."""

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

#: Each with its reason in `docs/upstream.md`. Four is the most that there may ever be.
ALLOWED = {"Tap._reset_state_progress_markers", "Stream._sync_records"}
#: What Python itself puts into every abstract class.
PYTHONS_OWN = {"_abc_impl"}
OURS = (TapSeekerLeads, LeadsStream, BookmarkManager, PageWriter, TargetSeekerLeads, LineReader, PluginCommand)


def is_ours(cls: type) -> bool:
    return cls.__module__.startswith(("seeker_leads_", "tap_seeker_leads", "target_seeker_leads"))


def overridden(cls: type) -> set[str]:
    """Return the names with one leading underscore that classes of ours define and a class of others does too."""
    mro = inspect.getmro(cls)
    own = {name for each in mro if is_ours(each) for name in vars(each) if name[0] == "_" != name[1]} - PYTHONS_OWN
    others = [each for each in mro if each.__module__.startswith("singer_sdk")]
    return {f"{each.__name__}.{name}" for name in own for each in others if name in vars(each)}


def test_private_methods_of_the_sdk_that_are_overridden() -> None:
    """No more private methods of the SDK are overridden than those that are known, and each of these still exists."""
    assert set().union(*map(overridden, OURS)) == ALLOWED
    assert len(ALLOWED) <= 4


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_private_method_is_explained(name: str) -> None:
    """What is overridden has a section that can be sent upstream."""
    assert f"`{name}`" in text_of("docs/upstream.md")
