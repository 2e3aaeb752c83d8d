"""What the readers of a run tell its main thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.windows import Window


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page, and the window that it was requested for."""

    window: Window
    page: Page
    date: str | None  #: the answer's `Date` header


@dataclass(frozen=True, slots=True)
class WindowRead:
    """The end of a window, after all of its pages."""

    window: Window


@dataclass(frozen=True, slots=True)
class Failed:
    """An error of a reader; without a source, it is an error of the whole run."""

    error: BaseException


Event: TypeAlias = PageRead | WindowRead | Failed
