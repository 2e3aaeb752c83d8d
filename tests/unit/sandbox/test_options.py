from __future__ import annotations

from typing import Any

import pytest

import seeker_leads_sandbox
from seeker_leads_sandbox import Bounds, Order, SandboxOptions


def test_dialects_may_be_given_as_text() -> None:
    """An enum option accepts the enum's value as text."""
    options = SandboxOptions(order="shuffled", bounds="open")  # type: ignore[arg-type]  # on purpose

    assert options.order is Order.SHUFFLED
    assert options.bounds is Bounds.OPEN


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "sideways"},
        {"error_rate": 1.5},
        {"leads": -1},
        {"retention_days": -1},
        {"days": 0},
        {"max_concurrent": 0},
        {"page_cap": 0},
        {"webhook_attempts": 0},
        {"webhook_max_failures": 0},
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    """A wrong option is reported at once, instead of causing strange answers."""
    with pytest.raises(ValueError, match=r".+"):
        SandboxOptions(**wrong)


def test_exported_names_are_stable() -> None:
    """Users' tests import these names."""
    assert sorted(seeker_leads_sandbox.__all__) == [
        "Bounds",
        "EmptyPeriod",
        "Fault",
        "FaultKind",
        "Links",
        "Order",
        "PageStatus",
        "RetryAfter",
        "Sandbox",
        "SandboxOptions",
    ]
    assert all(getattr(seeker_leads_sandbox, name) for name in seeker_leads_sandbox.__all__)
    with pytest.raises(AttributeError, match="no attribute"):
        seeker_leads_sandbox.__getattr__("nothing")
