"""Every test's log is searched for its secrets and personal data."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from seeker_leads_sandbox import Sandbox

#: The leads of `tests.singer_input`, and any e-mail address.
_PEOPLE = re.compile(
    r"jane|dupont|je voudrais visiter|6 12 34 \d\d|[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)*\.[a-z]{2,}", re.IGNORECASE
)
_WORDS = re.compile(r"\w+")
_SHORTEST = 5


class LogCollector(logging.Handler):
    """Collects each logged text, once."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self._logged: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Collect a message and its traceback."""
        self._logged.add(record.getMessage())
        if record.exc_info:
            self._logged.add(logging.Formatter().formatException(record.exc_info))

    def private_values(self, sandboxes: Iterable[Sandbox]) -> list[tuple[str, str]]:
        """Return each private value that was logged, with the text that contains it."""
        values = {value for sandbox in sandboxes for value in values_of(sandbox)}
        return private_values(self._logged, values)


def private_values(logged: Collection[str], values: Iterable[str]) -> list[tuple[str, str]]:
    """Return each of these values, and each person of `tests.singer_input`, that was logged, with its text."""
    output = "\n".join(logged)
    found = {match[0] for match in _PEOPLE.finditer(output)}
    # A value is searched for only if all its words were logged, which is very rare.
    words = set(_WORDS.findall(output))
    found |= {value for value in values if words.issuperset(_WORDS.findall(value)) and value in output}
    return [(value, line) for value in found for line in logged if value in line]


def texts(value: Any) -> Iterator[str]:
    """Yield every text within a JSON value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def values_of(sandbox: Sandbox) -> Iterator[str]:
    """Yield a sandbox's private values: its people and its credentials."""
    yield from sandbox.issued_tokens
    yield from {sandbox.options.token, sandbox.options.client_secret} - {"sandbox"}
    leads = sandbox.store.all()
    numbers = [(lead.get("callDetails") or {}).get("seekerPhoneNumber") for lead in leads]
    for text in texts([numbers, [lead.get("contactRequest") for lead in leads], sandbox.created]):
        # The values of enums are not personal data.
        if len(text) >= _SHORTEST and not text.isupper():
            yield text
