from __future__ import annotations

import io
import sys
from decimal import Decimal
from typing import Any

import pytest
from singer_sdk.singerlib.exceptions import InvalidInputLine

from seeker_leads_api.errors import FatalError, StoppedError
from target_seeker_leads.singer.reader import LineReader


def ignore(_: object) -> str:
    return "RECORD"


def read(*lines: bytes) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    def handle(message: dict[str, Any]) -> str:
        if "type" not in message:
            msg = "lacks a type"
            raise InvalidInputLine(msg)
        messages.append(message)
        return "RECORD"

    LineReader(handle).process_lines(io.BytesIO(b"\n".join(lines)), {})
    return messages


def test_no_callback_of_the_sdk_is_called() -> None:
    """Messages go to the reader's own handler, and are counted by the type that it returns."""
    reader = LineReader(lambda message: str(message["type"]))
    callbacks = {"STATE": pytest.fail}
    assert reader.process_lines(io.BytesIO(b'{"type": "STATE"}\n' * 2), callbacks) == {"STATE": 2}


def test_numbers_stay_exact() -> None:
    """A number with a fraction is not read as a float, so its digits do not change."""
    (message,) = read(b'{"type": "STATE", "value": {"at": 0.10}}')
    assert message["value"] == {"at": Decimal("0.10")}


def test_blank_lines_do_not_count_as_messages() -> None:
    """A file that was edited by hand may have blank lines."""
    assert len(read(b"", b'{"type": "RECORD"}', b"  ", b'{"type": "RECORD"}', b"")) == 2


@pytest.mark.parametrize(
    "line",
    [
        b'{"type": "RECORD", "record": {"email": "jane@example.com"',
        b"INFO jane@example.com",
        b'["jane@example.com"]',
        b'{"record": "jane@example.com"}',
        b'{"type": "RECORD", "email": "jane@example.com\xff"}',
        b"[" * 100_000,
    ],
)
def test_line_that_is_no_message_is_named_by_its_number(line: bytes) -> None:
    """A line that cannot be read ends the run with its number and the problem, and shows nothing of its content."""
    with pytest.raises(FatalError, match="Line 2 of the input") as caught:
        read(b'{"type": "RECORD"}', line)
    assert "jane" not in str(caught.value)


def test_signal_ends_the_reading_between_two_lines() -> None:
    """After a stop, the current line is still handled, and no other line is read."""
    seen: list[dict[str, Any]] = []

    def stop(message: dict[str, Any]) -> str:
        reader.stop(15)
        seen.append(message)
        return "RECORD"

    reader = LineReader(stop)
    with pytest.raises(StoppedError):
        reader.process_lines(io.BytesIO(b'{"type": "RECORD"}\n' * 3), {})
    assert len(seen) == 1


def test_signal_ends_the_waiting_for_input() -> None:
    """A stop during a wait for input ends the wait at once."""
    reader = LineReader(ignore)

    class Silent(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002
            reader.stop(15)
            raise AssertionError

    with pytest.raises(StoppedError):
        reader.process_lines(Silent(), {})


def test_closed_stdin_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that was started without stdin reports that."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(FatalError, match="stdin is closed"):
        LineReader(ignore).process_lines(None, {})
