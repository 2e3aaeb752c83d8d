"""How a run's server shows the end of a window: learned once, shared by all readers."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.page_request import PageRequest
    from tap_seeker_leads.reading.window_trail import WindowTrail
    from tap_seeker_leads.reading.windows import Window


class _Knowledge(enum.IntEnum):
    NONE = 0  #: neither a link nor a 206 so far: a page that is not full may be the last one, or cut by the server
    ASKED = 1  #: one reader asks for what is behind such a page
    TRUSTED = 2  #: the server shows where a window goes on, or nothing came behind such a page
    DISTRUSTED = 3  #: more leads came: every window goes on until an answer brings none


class Verdict(enum.Enum):
    """What becomes of a window after a page that is not full and gave no sign of another."""

    LAST = "last"  #: it is read
    GO_ON = "go on"  #: ask for what is behind the page, and report to `found`
    HELD = "held"  #: set aside until another reader has found out; it comes back from `found` or `note`


@dataclass(frozen=True, slots=True)
class HeldWindow:
    """A window that may be read, and how to go on where it is not."""

    request: PageRequest
    trail: WindowTrail


@dataclass(frozen=True, slots=True)
class Released:
    """Windows that are not held any more."""

    read: tuple[Window, ...] = ()
    resumed: tuple[Window, ...] = ()  #: to be given out again, see `WindowEnds.resumed`


class WindowEnds:
    """Whether a page that is not full is the last one of its window; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._knowledge = _Knowledge.NONE
        self._held: list[HeldWindow] = []
        self._resumed: dict[Window, HeldWindow] = {}

    @property
    def are_trusted(self) -> bool:
        """Whether such a page is known to be the last."""
        return self._knowledge is _Knowledge.TRUSTED

    def judge(self, held: HeldWindow) -> Verdict:
        """Return what becomes of a window. One reader of a run is to find out; the windows of others are held."""
        with self._lock:
            match self._knowledge:
                case _Knowledge.TRUSTED:
                    return Verdict.LAST
                case _Knowledge.ASKED:
                    self._held.append(held)
                    return Verdict.HELD
                case _Knowledge.NONE:
                    self._knowledge = _Knowledge.ASKED
                case _Knowledge.DISTRUSTED:
                    pass
            return Verdict.GO_ON

    def note(self, page: Page) -> Released:
        """Take notice of a page: a link or a 206 shows how this server tells that there is more."""
        return self.found(more=False) if page.is_linked or page.announced else Released()

    def found(self, *, more: bool) -> Released:
        """Take notice of what was behind such a page: leads that the window had not given, or none."""
        knowledge = _Knowledge.DISTRUSTED if more else _Knowledge.TRUSTED
        if self._knowledge in {knowledge, _Knowledge.DISTRUSTED}:  # as good as always, so without the lock
            return Released()
        with self._lock:
            self._knowledge = max(self._knowledge, knowledge)
            held = {each.request.window: each for each in self._held}
            self._held.clear()
            if self.are_trusted:
                return Released(read=tuple(held))
            self._resumed |= held
            return Released(resumed=tuple(held))

    def resumed(self, window: Window) -> HeldWindow | None:
        """Return how to go on with a window that was held, None for one that begins."""
        with self._lock:
            return self._resumed.pop(window, None)
