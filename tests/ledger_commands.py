"""Runs of `seeker-leads ledger`, and ledgers for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Claim, Settlement, Status
from tests.ledger_tools import RETRY

NOW = datetime.now(timezone.utc)
LedgerCommand = Callable[..., Any]


def delivered(url: str, count: int, days_ago: float, stream: str = "leads", status: Status = Status.DELIVERED) -> None:
    """Settle this number of leads at an earlier time."""
    with Ledger.open(url, RETRY, clock=lambda: NOW - timedelta(days=days_ago)) as ledger:
        for number in range(count):
            claim = Claim(f"{stream}-{status.value}-{days_ago}-{number}", "a", stream, is_replay=False, will_send=True)
            ledger.claim(claim)
            ledger.settle(Settlement(claim, status, f"request-{number}", resends=number % 2))
