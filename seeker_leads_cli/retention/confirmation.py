"""Decides whether as much as was found may be changed without a confirmation. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from seeker_leads_cli.retention.findings import Findings

#: Larger shares of a table suggest a wrong account or table rather than real erasures.
MAX_ERASED_SHARE = 0.25
MAX_GONE_SHARE = 0.05


def refusal(findings: Findings, *, gone: int) -> str | None:
    """Return why the changes need `--yes`, or None if they do not. `gone` counts the leads that the API lacks."""
    shares = (
        (findings.newly_erased, MAX_ERASED_SHARE, "newly erased"),
        (gone, MAX_GONE_SHARE, "gone from the API"),
    )
    for count, limit, words in shares:
        if count > limit * findings.rows:
            return (
                f"{count:,} of {findings.rows:,} rows are {words}, more than {limit:.0%}: nothing was changed. Check"
                " that this is the right table and account, then add --yes"
            )
    return None
