"""The columns of an exported file: the id, the columns of the records, the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.rejects.cells import escaped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seeker_leads_cli.rejects.letters import Letter

ID = "letter_id"
REASONS = "letter_reasons"


def heading_of(name: str) -> str:
    """Return the heading of a record's column in a file."""
    return escaped(" ".join(name.split()))


def headings_of(letters: Iterable[Letter]) -> dict[str, str]:
    """Return the columns of the letters' records in order, by their headings in a file.

    Raises:
        InputFileError: the heading of a column would be empty or ambiguous.
    """
    headings: dict[str, str] = {}
    for letter in letters:
        for name in letter.record:
            heading = heading_of(name)
            if not heading or heading in (ID, REASONS) or headings.setdefault(heading, name) != name:
                msg = (
                    f"A record has a column {name!r}, whose heading would be empty or ambiguous:"
                    " fix these letters in the file of `rejects_path`, and run `rejects retry`"
                )
                raise InputFileError(msg)
    return headings
