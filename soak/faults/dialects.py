"""The full product of what the API's documentation leaves open, of which each round takes a sample."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox import SandboxOptions

if TYPE_CHECKING:
    import random

#: Each option of the sandbox that is an enum, with its values.
AXES = {field.name: [*type(field.default)] for field in fields(SandboxOptions) if isinstance(field.default, Enum)}


def choose_dialect(rng: random.Random) -> dict[str, Any]:
    """Return options of the sandbox: one value of each axis."""
    return {name: rng.choice(values) for name, values in AXES.items()}
