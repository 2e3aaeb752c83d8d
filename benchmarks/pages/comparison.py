"""The figures of `docs/comparison.md`: its text is written by hand, its figures are not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from benchmarks.goals import REQUESTS_PER_SECOND
from benchmarks.pages.table import NONE, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.comparison.comparison import Comparison
    from benchmarks.comparison.reading import Speed
    from benchmarks.comparison.robustness import Outcome, Scenario
    from benchmarks.comparison.sending import SendScenario, SendSpeed
    from benchmarks.pages.circumstances import Circumstances

_END = "<!-- figures end -->"


def fill(page: str, comparison: Comparison, circumstances: Circumstances) -> str:
    """Return the page with these figures between the comments that mark their places.

    Raises:
        ValueError: the page has no place for some of them.
    """
    blocks = {
        "circumstances": (
            f"Written by `make bench PEERS=1` on {circumstances.date}, in one run on one machine; do not edit.\n\n"
            f"{circumstances.lines()}"
        ),
        "reading": "\n\n".join(_reading(comparison)),
        "robustness": _robustness(comparison.robustness),
        "sending": _sending(comparison.sending, comparison.rows),
        "send robustness": _send_robustness(comparison.send_robustness),
    }
    for name, text in blocks.items():
        begin = f"<!-- figures: {name} -->"
        place = re.compile(f"{re.escape(begin)}.*?{re.escape(_END)}", re.DOTALL)
        if not place.search(page):
            message = f"the page has no place for figures: {begin} … {_END}"
            raise ValueError(message)
        page = place.sub(f"{begin}\n\n{text}\n\n{_END}".replace("\\", r"\\"), page)
    return page


def _reading(comparison: Comparison) -> Iterator[str]:
    head = (
        "tool",
        "requests/s",
        f"of {REQUESTS_PER_SECOND}",
        "leads/s",
        "answered 429",
        "seconds",
        "CPU s",
        "peak MiB",
    )
    for latency_ms, speeds in comparison.limited:
        yield f"{speeds[0].leads:,} leads, {latency_ms:g} ms for each answer, with the API's limit enforced:"
        yield table(head, [_limited_row(speed) for speed in speeds])
    yield f"{comparison.unlimited[0].leads:,} leads, without latency and without the limit:"
    yield table(
        ("tool", "CPU s per 10,000 leads", "leads per second", "peak MiB"),
        [_unlimited_row(speed) for speed in comparison.unlimited],
    )


def _limited_row(speed: Speed) -> tuple[str, ...]:
    if (seen := speed.figures) is None:
        return (f"{speed.title}: failed", *[NONE] * 7)
    return (
        speed.title,
        f"{seen.requests_per_second:.1f}",
        f"{seen.requests_per_second / REQUESTS_PER_SECOND:.0%}",
        f"{seen.leads_per_second:,.0f}",
        f"{seen.refused:.0f}",
        f"{seen.wall_seconds:.1f}",
        f"{seen.cpu_seconds:.2f}",
        f"{seen.peak_mib:.0f}",
    )


def _unlimited_row(speed: Speed) -> tuple[str, ...]:
    if (seen := speed.figures) is None:
        return (f"{speed.title}: failed", *[NONE] * 3)
    return (
        speed.title,
        f"{seen.cpu_seconds * 10_000 / speed.leads:.2f}",
        f"{speed.leads / seen.wall_seconds:,.0f}",
        f"{seen.peak_mib:.0f}",
    )


def _robustness(scenarios: Sequence[Scenario]) -> str:
    """Return a table with a row for each scenario and a column for each tool."""
    titles = [outcome.title for outcome in scenarios[0].outcomes]
    rows = []
    for scenario in scenarios:
        by_title = {outcome.title: _outcome(outcome) for outcome in scenario.outcomes}
        rows.append((scenario.title, *(by_title.get(title, NONE) for title in titles)))
    return table(("what happens", *titles), rows)


def _outcome(outcome: Outcome) -> str:
    lost = f"**{outcome.lost:,} lost**" if outcome.lost else "0 lost"
    runs = f"{outcome.runs} run{'s' * (outcome.runs > 1)}" if outcome.has_ended else "never succeeds"
    return f"{lost}, {outcome.again:,} again; {runs}, {outcome.requests:,} requests"


def _sending(speeds: Sequence[SendSpeed], count: int) -> str:
    head = ("tool", "leads/s", f"of {REQUESTS_PER_SECOND}", "answered 429", "seconds", "CPU s", "peak MiB")
    rows = [
        (f"{speed.title}: failed", *[NONE] * 6)
        if speed.posts_per_second is None
        else (
            speed.title,
            f"{speed.posts_per_second:.1f}",
            f"{speed.posts_per_second / REQUESTS_PER_SECOND:.0%}",
            f"{speed.refused}",
            f"{speed.wall_seconds:.1f}",
            f"{speed.cpu_seconds:.2f}",
            f"{speed.peak_mib:.0f}",
        )
        for speed in speeds
    ]
    return f"{count:,} records:\n\n{table(head, rows)}"


def _send_robustness(scenarios: Sequence[SendScenario]) -> str:
    head = ("what happens", "tool", "exit status", "records that became leads", "leads too many", "refused requests")
    rows = [
        (
            scenario.title if number == 0 else "",
            outcome.title,
            ", ".join(map(str, outcome.statuses)),
            f"{outcome.created} of {scenario.valid}",
            str(outcome.surplus),
            str(outcome.refused),
        )
        for scenario in scenarios
        for number, outcome in enumerate(scenario.outcomes)
    ]
    return table(head, rows)
