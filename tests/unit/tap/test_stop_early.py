"""A signal that comes before the tap has anything to read."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import StoppedError
from tap_seeker_leads.tap import TapSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tap_seeker_leads.streams import LeadsStream

CONFIG = {"api_url": "http://127.0.0.1:1/v1", "auth_token": "none"}
MAPS = {"stream_maps": {"leads": {"contactRequest": None}}}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("maps", [{}, MAPS], ids=["as is", "mapped"])
def test_signal_while_streams_are_built_ends_the_tap(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, maps: dict[str, Any]
) -> None:
    """A signal that finds no stream ends the tap at once, as that signal: it counts as heard, so nobody acts later."""
    build = TapSeekerLeads.discover_streams

    def interrupted(tap: TapSeekerLeads) -> Sequence[LeadsStream]:
        streams = build(tap)
        signal.raise_signal(number)
        return streams

    monkeypatch.setattr(TapSeekerLeads, "discover_streams", interrupted)
    with pytest.raises(StoppedError, match=number.name):
        TapSeekerLeads(config={**CONFIG, **maps})


def test_signal_before_the_constructor_is_done_ends_the_tap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handlers are set in the midst of the SDK's constructor; a signal right then is no defect."""
    set_up = TapSeekerLeads._setup_signal_handlers

    def interrupted(tap: TapSeekerLeads) -> None:
        set_up(tap)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(TapSeekerLeads, "_setup_signal_handlers", interrupted)
    with pytest.raises(StoppedError):
        TapSeekerLeads(config=CONFIG)
