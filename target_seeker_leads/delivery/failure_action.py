"""Decides what to do with a record that was not created, for a reason that the API did not give. Pure.

The same answer may concern one record (a firewall that blocks a word in it, an API that fails on it) or all of them
(the account, the URL, an outage). Only other leads show which: while they are accepted, this record is at fault.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

#: This many failures in a row, with no lead accepted in between, are not the fault of single records.
MAX_FAILURES_IN_A_ROW = 5


class Failure(enum.Enum):
    """How the sending of a record ended."""

    REFUSED = "refused"  #: the last POST created nothing, and another one in this run would not either
    LOST = "lost"  #: the last answer was lost; it may be sent again
    LOST_TOO_OFTEN = "lost too often"  #: the same, and `max_resends` is reached


class Action(enum.Enum):
    """What to do with the record."""

    HOLD = "hold"  #: not known yet: nothing is kept, and STATE waits
    KEEP = "keep"  #: this record is at fault: keep it as a dead letter
    LEAVE = "leave"  #: leave it for the next run; this run ends with an error once all others are settled
    STOP = "stop"  #: no single record is at fault: the run ends, and nothing is kept


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What happened to other records."""

    failures_in_a_row: int = 1  #: of different records, this one included, with no lead accepted in between
    accepted_after: bool = False  #: another lead, sent after this failure
    is_over: bool = False  #: nothing more is sent in this run
    accepted_before: bool = False  #: another lead in this run, before this failure
    accepted_since_first_try: bool = False  #: another lead, in any run, according to the ledger


def decide_action(failure: Failure, circumstances: Circumstances) -> Action:
    """Decide what to do with a failed record."""
    others_are_accepted = circumstances.accepted_after or circumstances.accepted_since_first_try
    if circumstances.failures_in_a_row >= MAX_FAILURES_IN_A_ROW and not others_are_accepted:
        return Action.STOP
    if failure is Failure.LOST:
        return Action.LEAVE
    if others_are_accepted:
        return Action.KEEP
    if not circumstances.is_over:
        return Action.HOLD
    # Leads that were accepted before show little: several failures at the end of a run, or a lost answer, may be the
    # start of an outage.
    is_alone = failure is Failure.REFUSED and circumstances.failures_in_a_row == 1
    return Action.KEEP if is_alone and circumstances.accepted_before else Action.LEAVE
