"""One commit for many callers: calls that arrive during a commit share the next one."""

from __future__ import annotations

import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Operation = TypeVar("Operation")
Result = TypeVar("Result")


class _Ticket(Generic[Operation, Result]):
    """A queued operation, and later its result."""

    __slots__ = ("error", "is_done", "operation", "result")

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.is_done = False
        self.error: BaseException | None = None
        self.result: Result


class GroupCommit(Generic[Operation, Result]):
    """Passes operations to `commit` in groups of at most `max_operations`, in the order of the calls.

    It has no thread of its own: the caller that gets the lock commits all queued operations, those of others too.
    `commit` returns one result per operation. If it raises, every caller of that group gets the error, and the next
    group is committed as usual.
    """

    def __init__(self, commit: Callable[[Sequence[Operation]], Sequence[Result]], *, max_operations: int = 500) -> None:
        self._commit = commit
        self._max_operations = max_operations
        self._waiting: deque[_Ticket[Operation, Result]] = deque()
        self._lock = threading.Lock()

    def submit(self, operation: Operation) -> Result:
        """Return the operation's result once it is committed."""
        ticket = _Ticket[Operation, Result](operation)
        self._waiting.append(ticket)
        with self._lock:
            while not ticket.is_done:
                self._commit_group()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Run no commit within the context."""
        with self._lock:
            yield

    def _commit_group(self) -> None:
        # Only the holder of the lock removes tickets, so at least this many are queued.
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._max_operations))]
        try:
            results = self._commit([ticket.operation for ticket in group])
            for ticket, result in zip(group, results, strict=True):
                ticket.result = result
        except BaseException as error:  # noqa: BLE001  # each caller raises it, this one included
            for ticket in group:
                ticket.error = error
        finally:
            for ticket in group:
                ticket.is_done = True
