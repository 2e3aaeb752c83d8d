"""What becomes of a record that was not created, without the API's word why: a pure decision.

The same answer may be about one record (a firewall that dislikes a word in it, an API that fails on it) or about all
(the account, the URL, an outage). Only other leads tell: while they are accepted, it is about this one.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

#: So many failures in a row, with nothing accepted in between, are not the fault of single records.
MAX_FAILURES_IN_A_ROW = 5


class Failure(enum.Enum):
    """How the sending of a record ended."""

    REFUSED = "refused"  #: the last POST created nothing, and no further one of this run would
    LOST = "lost"  #: the last answer was lost; it may be sent again
    LOST_TOO_OFTEN = "lost too often"  #: the same, and `max_resends` is reached


class Fate(enum.Enum):
    """What becomes of the record."""

    HOLD = "hold"  #: nobody knows yet: nothing is kept, and STATE waits
    KEEP = "keep"  #: it is this record's own failure: a dead letter
    LEAVE = "leave"  #: it stays as it is for the next run, and this run ends with an error once all others are settled
    STOP = "stop"  #: it is not about single records: the run ends, and nothing is kept


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What happened to other records."""

    failures_in_a_row: int = 1  #: of different records, with nothing accepted in between, this one included
    accepted_after: bool = False  #: another lead, sent after this failure
    is_over: bool = False  #: nothing more is sent in this run
    accepted_before: bool = False  #: another lead in this run, before this failure
    accepted_since_first_try: bool = False  #: another lead, by whatever run: as the ledger says


def decide_fate(failure: Failure, circumstances: Circumstances) -> Fate:
    """Decide what becomes of a record that failed."""
    others_are_accepted = circumstances.accepted_after or circumstances.accepted_since_first_try
    if circumstances.failures_in_a_row >= MAX_FAILURES_IN_A_ROW and not others_are_accepted:
        return Fate.STOP
    if failure is Failure.LOST:
        return Fate.LEAVE
    if others_are_accepted:
        return Fate.KEEP
    if not circumstances.is_over:
        return Fate.HOLD
    # What was accepted before says little: more than one failure at the end of a run may be an outage that began, and
    # a lost answer would not have come through since.
    is_alone = failure is Failure.REFUSED and circumstances.failures_in_a_row == 1
    return Fate.KEEP if is_alone and circumstances.accepted_before else Fate.LEAVE
