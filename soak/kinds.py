"""The kinds of rounds, in the order in which they take turns."""

from __future__ import annotations

from soak.scenarios import accounts, dialects, retention, warehouse, webhooks, writing

SCENARIOS = {
    "warehouse": warehouse.SCENARIO,
    "writing": writing.SCENARIO,
    "webhooks": webhooks.SCENARIO,
    "accounts": accounts.SCENARIO,
    "retention": retention.SCENARIO,
    "dialects": dialects.SCENARIO,
}
