"""Observes when operations have been queued for a group commit."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from target_seeker_leads.group_commit import GroupCommit


class _Queue(deque[Any]):
    def __init__(self, queued: threading.Semaphore) -> None:
        super().__init__()
        self._queued = queued

    def append(self, operation: Any, /) -> None:
        super().append(operation)
        self._queued.release()


def count_queued(group: GroupCommit[Any, Any]) -> threading.Semaphore:
    """Count the operations that are queued from now on, in a paused group without queued operations."""
    queued = threading.Semaphore(0)
    group._waiting = _Queue(queued)
    return queued


def wait_until_queued(queued: threading.Semaphore, count: int) -> None:
    """Wait until this number of operations has been queued."""
    for _ in range(count):
        assert queued.acquire(timeout=30)
