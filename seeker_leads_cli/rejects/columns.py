"""The columns of an exported file: the id, those of the records, the reasons."""

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
    """Return what a column is called in a file."""
    return escaped(" ".join(name.split()))


def headings_of(letters: Iterable[Letter]) -> dict[str, str]:
    """Return the columns of letters' records, in their order, by what they are called in a file.

    Raises:
        InputFileError: two of them cannot be told apart in a file.
    """
    headings: dict[str, str] = {}
    for letter in letters:
        for name in letter.record:
            heading = heading_of(name)
            if not heading or heading in (ID, REASONS) or headings.setdefault(heading, name) != name:
                msg = (
                    f"A record has a column {name!r}, which no column of a table can be called beside the others:"
                    " fix these letters in the file of `rejects_path`, and `retry` them"
                )
                raise InputFileError(msg)
    return headings
