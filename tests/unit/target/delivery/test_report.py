from __future__ import annotations

import itertools

import pytest

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.report import Report, Result


def test_progress_comes_every_ten_seconds() -> None:
    """A short run logs no progress; a long one does, at most every ten seconds."""
    now = itertools.count()
    report = Report(50, clock=lambda: next(now))
    for _ in range(30):
        report.count(Result.CREATED)
    lines = [report.progress() for _ in range(25)]
    assert [index for index, line in enumerate(lines) if line] == [9, 19]
    assert lines[9] == (
        "30 created, 0 skipped as delivered before, 0 rejected, 0 of unknown outcome; 3.0 of at most 50 leads/s"
    )


def test_summary_counts_results_and_reasons() -> None:
    """The summary counts every record's result and the rules that were broken, most frequent first."""
    now = iter([0.0, 4.0])
    report = Report(50, clock=lambda: next(now))
    report.count(Result.CREATED)
    report.count(Result.CREATED)
    report.count_resends(0)
    report.count_resends(3)
    report.count(Result.REJECTED)
    report.count_reasons([Reason("email", "is required", "")])
    report.count_reasons([Reason("email", "is required", ""), Reason(None, "the API refused it", "")])
    assert report.summary() == [
        ("2 created, 0 skipped as delivered before, 1 rejected, 0 of unknown outcome in 4.0 s (0.5 leads/s)"),
        "Rejected 2 x `email` is required",
        "Rejected 1 x the API refused it",
        (
            "1 leads were sent again after an answer was lost, 3 times in total, so they may exist more than once:"
            " `resends` > 0 in the ledger"
        ),
    ]


R = Result


@pytest.mark.parametrize(
    ("results", "count"),
    [
        ([], 0),
        ([R.REJECTED], 0),  # a single record may be wrong itself
        ([R.REJECTED_BEFORE, R.REJECTED_BEFORE], 0),  # nothing new
        ([R.REJECTED, R.REJECTED], 2),
        ([R.REJECTED, R.REJECTED_BEFORE], 2),
        ([R.REJECTED, R.REJECTED, R.DELIVERED_BEFORE], 0),
        ([R.REJECTED, R.REJECTED, R.CREATED], 0),
        ([R.REJECTED, R.REJECTED, R.UNKNOWN], 0),
        ([R.REJECTED, R.REJECTED, R.REFUSED], 0),  # refused records fit the contract
        ([R.REJECTED, R.REJECTED, R.DELETED, R.ERASED, R.OWN, R.TEST], 2),  # these were not meant to become leads
    ],
)
def test_wrong_mapping_is_new_rejects_and_nothing_else(results: list[Result], count: int) -> None:
    """The mapping counts as wrong if there were several records to send, all were rejected, and some were new."""
    report = Report(50)
    for result in results:
        report.count(result)
    assert report.all_rejected() == count


def test_rarer_results_are_shown_where_there_are_any() -> None:
    """Rare results are in the summary only if they occurred; changed leads are pointed out."""
    report = Report(50)
    report.count(Result.REJECTED_BEFORE)
    report.count(Result.UNKNOWN_BEFORE)
    report.count(Result.DELIVERED_BEFORE, is_changed=True)
    lines = report.summary()
    assert "0 rejected, 1 skipped as rejected before, 0 of unknown outcome, 1 skipped as unknown before" in lines[0]
    assert "1 of those delivered before had different content then" in lines[1]


def test_a_dry_run_says_what_it_would_do() -> None:
    """Nothing was created, so the summary reports neither created leads nor a rate."""
    report = Report(50)
    report.count(Result.CREATED)
    (line,) = report.summary(dry_run=True)
    assert line.startswith("Dry run, nothing was sent or written: would create 1, 0 skipped as delivered before, 0 rej")
    assert "leads/s" not in line


def test_rejects_are_counted_by_rule_and_column() -> None:
    """A line names the source's column that broke the rule; a cure for a single record does not split the count."""
    report = Report(50)
    for number in range(2):
        report.count(Result.REJECTED)
        report.count_reasons([Reason("email", "is required", f"cure {number}", "from `Adresse e-mail`")])
    report.count_reasons([Reason("email", "is required", "cure")])
    assert report.summary()[1:] == [
        "Rejected 2 x `email` is required (from `Adresse e-mail`)",
        "Rejected 1 x `email` is required",
    ]
