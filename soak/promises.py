"""Checks of promises that more than one kind of round makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.log_privacy import private_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from soak.rounds import Round

#: An unexpected error, in the words of the plugins, or of Python.
_DEFECT = re.compile(r"this is a defect|Traceback")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: Files of the products that must be private; `cache` has tokens.
_PRIVATE = ("ledger*", "rejects*", "cache/**/*.json", "disk/ledger*", "disk/rejects*")


def check_log(done: Round, logged: str, values: Iterable[str]) -> None:
    """No value of a person and no secret is logged, and no unexpected error."""
    found = private_values({*logged.splitlines()}, {*values})
    done.promise("no personal data and no secret in any log", is_kept=not found, detail=[line for _, line in found[:2]])
    defect = _DEFECT.search(logged)
    done.promise(
        "no unexpected error", is_kept=defect is None, detail=defect and logged[max(defect.start() - 500, 0) :][:1500]
    )


def check_files(done: Round, folder: Path) -> None:
    """Files with personal data or tokens are readable only by their owner."""
    files = [file for pattern in _PRIVATE for file in folder.glob(pattern) if file.is_file()]
    open_files = [file.name for file in files if file.stat().st_mode & 0o077]
    done.promise("files are private", is_kept=not open_files, detail=open_files)


def check_states(done: Round, states: Sequence[dict[str, Any]]) -> None:
    """Each STATE has a readable bookmark for each account that it names, and none ever goes back."""
    odd = odd_bookmarks(states)
    done.promise("STATE is valid, and its bookmarks never go back", is_kept=not odd, detail=odd[:3])


def odd_bookmarks(states: Sequence[dict[str, Any]]) -> list[str]:
    """Return each bookmark that is not an instant, or is earlier than the one before it; pure."""
    latest: dict[str, str] = {}
    odd = []
    for state in states:
        stream = state["bookmarks"]["leads"]
        for entry in stream.get("partitions", [stream]):
            account, bookmark = str(entry.get("context")), entry.get("replication_key_value")
            if bookmark is None:
                continue  # nothing of this account is finished
            if not _INSTANT.fullmatch(bookmark) or bookmark < latest.get(account, ""):
                odd.append(f"{account}: {bookmark} after {latest.get(account)}")
            latest[account] = bookmark
    return odd
