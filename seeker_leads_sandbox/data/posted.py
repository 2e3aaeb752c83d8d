"""What clients POSTed to `/leads`, and what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seeker_leads_sandbox.api.problems import Violation


@dataclass(frozen=True, slots=True)
class Posted:
    """A JSON body, when it arrived (Unix seconds) and why it was refused; without problems, it became a lead."""

    at: float
    body: object
    problems: tuple[Violation, ...] = ()
