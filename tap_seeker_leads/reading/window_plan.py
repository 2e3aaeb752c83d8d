"""What is left to read of a span: whole windows, and parts that were cut off those that turn out dense."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tap_seeker_leads.reading.last_pages import LastPages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tap_seeker_leads.reading.windows import Window


def _nobody() -> int:
    return 0


class WindowPlan:
    """Windows to read, shared by all readers of a span.

    `ends` is what the run knows already of how a window ends, `idle_readers` how many readers have nothing to do.
    """

    def __init__(
        self,
        windows: Iterable[Window],
        ends: LastPages | None = None,
        *,
        idle_readers: Callable[[], int] = _nobody,
    ) -> None:
        self.ends = ends or LastPages()
        self.idle_readers = idle_readers
        self._waiting = deque(windows)
        self.total = len(self._waiting)  #: parts that were cut off included

    def __len__(self) -> int:
        """How many windows wait for a reader."""
        return len(self._waiting)

    def take(self) -> Window | None:
        """Return a window to read; None where all are read or being read, or the plan is closed."""
        try:
            return self._waiting.popleft()
        except IndexError:  # another reader may have been faster
            return None

    def add(self, windows: Sequence[Window]) -> None:
        """Offer parts that were cut off."""
        self.total += len(windows)
        self._waiting.extend(windows)

    def close(self) -> None:
        """Give out no window any more."""
        self._waiting.clear()
