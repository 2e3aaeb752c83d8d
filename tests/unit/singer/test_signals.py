"""Which signals count."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from seeker_leads_singer.signals import SAME_SIGNAL_SECONDS, StopSignals


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that ended the program, with the default handler in place."""
    ended: list[int] = []
    handlers: dict[int, object] = {}

    def end(number: int) -> None:
        assert handlers[number] is signal.SIG_DFL
        ended.append(number)

    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(signal, "raise_signal", end)
    return ended


def test_echo_of_a_signal_is_not_a_second_one(ended: list[int]) -> None:
    """The same signal within two seconds is an echo, passed on by a parent process: nothing more happens."""
    now = [0.0]
    signals = StopSignals(clock=lambda: now[0])
    assert signals.is_new(signal.SIGTERM)
    for now[0] in (0.0, 0.01, SAME_SIGNAL_SECONDS):
        assert not signals.is_new(signal.SIGTERM)
    assert ended == []


def test_same_signal_later_ends_the_program(ended: list[int]) -> None:
    """If the signal is sent again after that, the program ends at once."""
    now = [0.0]
    signals = StopSignals(clock=lambda: now[0])
    signals.is_new(signal.SIGINT)
    now[0] = SAME_SIGNAL_SECONDS + 0.01
    assert not signals.is_new(signal.SIGINT)
    assert ended == [signal.SIGINT]


def test_each_kind_counts_for_itself(ended: list[int]) -> None:
    """A SIGTERM after Ctrl-C is a first signal, however late: only a repeated signal ends the program at once."""
    now = [0.0]
    signals = StopSignals(clock=lambda: now[0])
    assert signals.is_new(signal.SIGINT)
    now[0] = 60
    assert signals.is_new(signal.SIGTERM)
    assert ended == []


@pytest.mark.parametrize("arguments", [["--discover"], ["--discover", "--config", "nowhere.json"]])
def test_signal_at_the_exit_changes_nothing(arguments: list[str]) -> None:
    """A signal after the end of a command neither prints a traceback nor changes the status."""
    program = (
        "import atexit, os, sys; from tap_seeker_leads.tap import TapSeekerLeads;"
        " TapSeekerLeads(validate_config=False);"  # so that the handlers are there, whatever the command does
        " atexit.register(os.kill, os.getpid(), 15); TapSeekerLeads.cli()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == (0 if len(arguments) == 1 else 2)
    assert "Traceback" not in ended.stderr
