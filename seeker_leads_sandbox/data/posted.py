"""What a client POSTed to `/leads`, and what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seeker_leads_sandbox.api.problems import Violation


@dataclass(frozen=True, slots=True)
class Posted:
    """One body that is JSON, when it came (Unix seconds), and why it was refused; no problem: it is a lead now."""

    at: float
    body: object
    problems: tuple[Violation, ...] = ()
