"""What is left to read: windows for readers without one, and readers for windows that turn out dense."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from tap_seeker_leads.reading.last_pages import LastPages

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tap_seeker_leads.reading.windows import Window


class WindowPlan:
    """Windows to read, shared by all readers; `ends` is what the run knows already of how a window ends."""

    def __init__(self, windows: Iterable[Window], ends: LastPages | None = None) -> None:
        self.ends = ends or LastPages()
        self._waiting = deque(windows)
        self.total = len(self._waiting)  #: parts that were cut off included
        self._changed = threading.Condition()
        self._idle = 0
        self._at_work = 0
        self._is_closed = False

    def take(self) -> Window | None:
        """Return a window to read; None when all is read, or the plan is closed.

        Waits while there is none but others still read, for they may cut theirs.
        """
        with self._changed:
            while not self._is_closed:
                if self._waiting:
                    self._at_work += 1
                    return self._waiting.popleft()
                if self._at_work == 0:
                    break
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            return None

    def finish(self) -> None:
        """Say that a window that was taken is read."""
        with self._changed:
            self._at_work -= 1
            if self._at_work == 0:
                self._changed.notify_all()

    def idle_readers(self) -> int:
        """Return how many readers wait for a part of a window that is being read."""
        return max(self._idle - len(self._waiting), 0)

    def add(self, windows: Sequence[Window]) -> None:
        """Offer parts that were cut off."""
        with self._changed:
            self._waiting.extend(windows)
            self.total += len(windows)
            self._changed.notify_all()

    def close(self) -> None:
        """Give out no window any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
