"""Removes old letters from the file, so that personal data is not kept when nobody will fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_cli.rejects.selection import Filter

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from seeker_leads_cli.rejects.letter_file import LetterFile
    from seeker_leads_cli.rejects.letters import Letter


def purge(file: LetterFile, older_than: timedelta, now: datetime, *, dry_run: bool) -> int:
    """Remove the letters that are older, and return their number; a dry run only counts them.

    Raises:
        SettingsError: the file cannot be read.
        FatalError: the file could not be changed.
    """
    old = Filter(older_than=older_than)
    if dry_run:
        return sum(old.matches(letter, now) for letter in file.read().letters.values())
    purged: set[str] = set()

    def change(letter: Letter) -> Letter | None:
        if not old.matches(letter, now):
            return letter
        purged.add(letter.id)
        return None

    file.change(change, "nothing was purged")
    return len(purged)
