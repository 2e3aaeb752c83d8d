"""The output of `retention` as text, and of `apply` as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_cli.retention.evidence import NAME, Reason
from seeker_leads_cli.retention.report import instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from seeker_leads_cli.retention.apply import Applied
    from seeker_leads_cli.retention.leads import Leads
    from seeker_leads_cli.retention.report import Report

_DAY_SECONDS = 86_400
_REASON_WORDS = {
    Reason.TTL: "deleted after their `ttl`",
    Reason.GONE: "deleted because they were gone from the API",
    Reason.ERASED: "erased",
}


def table_lines(leads: Leads) -> Iterator[str]:
    """Yield what is known about the table, for output before anything is changed."""
    known = leads.columns
    yield f"{leads.shown}: a table of leads with {known.form}; evidence in {leads.schema}.{NAME}"
    personal = ", ".join(leads.shown_columns()) or "none"
    yield f"  Personal data of erased leads ({leads.erased.value}): {personal}"
    if known.unknown:
        yield f"  Not the tap's, and left as they are: {', '.join(known.unknown)}"
    if known.is_erased is None:
        yield "  It has no column isErased, so new erasures cannot be seen: select it in the tap, and load again"
    if known.extracted_at is None:
        yield "  It has no column _sdc_extracted_at: rows that were not read in two cycles cannot be found"


def applied_lines(applied: Applied) -> Iterator[str]:
    """Yield the changes of a run."""
    found = applied.findings
    yield "Dry run, nothing was changed. It would be:" if applied.is_dry_run else "Applied:"
    yield f"  {applied.deleted_past_ttl:,} of {found.rows:,} rows deleted: past their `ttl`"
    yield f"  {applied.erased:,} rows erased; {applied.newly_erased:,} leads newly found erased"
    if applied.deleted_again:
        yield f"  {applied.deleted_again:,} rows deleted again: a backup had brought them back"
    if applied.verified:
        yield f"  {applied.deleted_gone:,} rows deleted: {applied.verified.asked:,} asked for, and gone from the API"
    if found.without_ttl:
        yield f"  {found.without_ttl:,} rows have no `ttl`: it is not known when they must be deleted"
    if found.overdue and not (applied.verified and applied.verified.asked):
        yield f"  {found.overdue:,} rows were not read in two cycles: give --verify, which asks the API for each"


def report_lines(report: Report) -> Iterator[str]:
    """Yield a report."""
    found = report.findings
    yield f"{report.table} at {instant(report.at)}: {found.rows:,} rows"
    yield f"  Read again since: {_since(found.oldest_reading)} (the newest reading: {_since(found.newest_reading)})"
    yield f"  Rows past their `ttl`: {found.past_ttl:,}; without a `ttl`: {found.without_ttl:,}"
    yield f"  Rows of erased leads: {found.erased:,}; still to erase: {found.to_erase:,}"
    if found.deleted_before:
        yield f"  Rows that a backup brought back: {found.deleted_before:,}"
    yield f"  Rows not read in two cycles of {report.refresh_days} days: {_overdue(report)}"
    for reason, summary in report.evidence.items():
        line = f"  Evidence, leads {_REASON_WORDS[reason]}: {summary.leads:,}"
        if summary.leads:
            line += (
                f", from {instant(summary.first_applied_at)} to {instant(summary.last_applied_at)}, delay"
                f" {_days(summary.median_delay_seconds)} (median), {_days(summary.longest_delay_seconds)} (longest)"
            )
        yield line


def applied_as_json(applied: Applied) -> dict[str, Any]:
    """Return the changes of a run as `--json` prints them; the format is a promise."""
    verified = applied.verified
    return {
        "run_id": applied.run_id,
        "at": instant(applied.at),
        "dry_run": applied.is_dry_run,
        "rows_before": applied.findings.rows,
        "deleted_past_ttl": applied.deleted_past_ttl,
        "deleted_gone": applied.deleted_gone,
        "deleted_again": applied.deleted_again,
        "newly_erased": applied.newly_erased,
        "erased": applied.erased,
        "rows_without_ttl": applied.findings.without_ttl,
        "rows_not_read_in_two_cycles": applied.findings.overdue,
        "asked": None if verified is None else verified.asked,
    }


def _since(value: datetime | None) -> str:
    return instant(value) or "cannot be known"


def _overdue(report: Report) -> str:
    is_known = report.refresh_days and report.findings.newest_reading
    return f"{report.findings.overdue:,}" if is_known else "cannot be known"


def _days(seconds: int | None) -> str:
    return "" if seconds is None else f"{seconds / _DAY_SECONDS:,.1f} days"
