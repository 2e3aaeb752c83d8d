"""A signal that arrives before the tap has anything to read."""

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
    """A signal before the stream exists ends the tap at once with that signal's status, and is handled only once."""
    build = TapSeekerLeads.discover_streams

    def interrupted(tap: TapSeekerLeads) -> Sequence[LeadsStream]:
        streams = build(tap)
        signal.raise_signal(number)
        return streams

    monkeypatch.setattr(TapSeekerLeads, "discover_streams", interrupted)
    with pytest.raises(StoppedError, match=number.name):
        TapSeekerLeads(config={**CONFIG, **maps})


def test_signal_during_the_constructor_ends_the_tap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal during the tap's constructor waits until the tap is built; the SDK's own handler never sees it."""
    load = TapSeekerLeads.load_state
    finished: list[str] = []

    def interrupted(tap: TapSeekerLeads, state: dict[str, Any]) -> None:
        signal.raise_signal(signal.SIGTERM)
        load(tap, state)
        finished.append("load_state")

    monkeypatch.setattr(TapSeekerLeads, "load_state", interrupted)
    with pytest.raises(StoppedError):
        TapSeekerLeads(config=CONFIG)
    assert finished == ["load_state"]


def test_signal_during_a_constructor_that_fails_ends_the_tap(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the constructor fails, there is no tap to stop, but the signal still decides how the program ends."""

    def fail(_: object, __: object) -> None:
        signal.raise_signal(signal.SIGINT)
        raise RuntimeError

    monkeypatch.setattr(TapSeekerLeads, "load_state", fail)
    with pytest.raises(StoppedError, match="SIGINT"):
        TapSeekerLeads(config=CONFIG)
