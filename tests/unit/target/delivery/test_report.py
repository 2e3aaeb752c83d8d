from __future__ import annotations

import itertools

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.report import Report, Result


def test_progress_comes_every_ten_seconds() -> None:
    """A short run says nothing in between; a long one where it is, at most every ten seconds."""
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
    """The end of a run says what became of every record and which rules were broken, most often first."""
    now = iter([0.0, 4.0])
    report = Report(50, clock=lambda: next(now))
    report.count(Result.CREATED)
    report.count(Result.CREATED, is_sent_again=True)
    report.count(Result.REJECTED)
    report.count_reasons([Reason("email", "is required", "")])
    report.count_reasons([Reason("email", "is required", ""), Reason(None, "the API refused it", "")])
    assert report.summary() == [
        ("2 created, 0 skipped as delivered before, 1 rejected, 0 of unknown outcome in 4.0 s (0.5 leads/s)"),
        "Rejected 2 x `email` is required",
        "Rejected 1 x the API refused it",
        "1 leads were sent again after an answer was lost, so they may exist twice: `resends` > 0 in the ledger",
    ]


def test_all_rejected_means_every_record() -> None:
    """Only a run in which no record fared better counts as a wrong mapping."""
    report = Report(50)
    assert report.all_rejected() == 0
    report.count(Result.REJECTED)
    assert report.all_rejected() == 1
    report.count(Result.REJECTED_BEFORE)
    assert report.all_rejected() == 2
    report.count(Result.DELIVERED_BEFORE)
    assert report.all_rejected() == 0


def test_rarer_results_are_shown_where_there_are_any() -> None:
    """What hardly ever happens stands in the summary only when it did; a changed lead is pointed out."""
    report = Report(50)
    report.count(Result.REJECTED_BEFORE)
    report.count(Result.UNKNOWN_BEFORE)
    report.count(Result.DELIVERED_BEFORE, is_changed=True)
    lines = report.summary()
    assert "0 rejected, 1 skipped as rejected before, 0 of unknown outcome, 1 skipped as unknown before" in lines[0]
    assert "1 of those delivered before said something else then" in lines[1]
