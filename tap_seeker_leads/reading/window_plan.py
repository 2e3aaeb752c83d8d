"""What is left to read of a span: whole windows, and parts that were cut off dense ones."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tap_seeker_leads.reading.last_pages import LastPages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tap_seeker_leads.reading.windows import Window


def _no_idle_readers() -> int:
    return 0


class WindowPlan:
    """Windows to read, shared by all readers of a span.

    `ends` is what the run already knows about the end of a window; `idle_readers` returns how many readers are idle.
    """

    def __init__(
        self,
        windows: Iterable[Window],
        ends: LastPages | None = None,
        *,
        idle_readers: Callable[[], int] = _no_idle_readers,
    ) -> None:
        self.ends = ends or LastPages()
        self.idle_readers = idle_readers
        self._waiting = deque(windows)
        self.total = len(self._waiting)  #: including parts that were cut off

    def __len__(self) -> int:
        """How many windows wait for a reader."""
        return len(self._waiting)

    def take(self) -> Window | None:
        """Return a window to read, or None if none is left or the plan is closed."""
        try:
            return self._waiting.popleft()
        except IndexError:  # another reader may have been faster
            return None

    def add(self, windows: Sequence[Window]) -> None:
        """Add parts that were cut off a window."""
        self.total += len(windows)
        self._waiting.extend(windows)

    def close(self) -> None:
        """Give out no further window."""
        self._waiting.clear()
