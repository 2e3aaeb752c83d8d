"""The page that compares the plugins with other tools: its figures come from the benchmark."""

from __future__ import annotations

import re

import pytest

from benchmarks.comparison.comparison import Comparison
from benchmarks.comparison.reading import Speed
from benchmarks.comparison.robustness import Outcome, Scenario
from benchmarks.comparison.sending import SendOutcome, SendScenario, SendSpeed
from benchmarks.machine import Machine
from benchmarks.measure import Figures
from benchmarks.pages.circumstances import Circumstances
from benchmarks.pages.comparison import fill
from tests.pages import text_of

_FIGURES = re.compile(r"<!-- figures: [\w ]+ -->(.*?)<!-- figures end -->", re.DOTALL)
CIRCUMSTANCES = Circumstances("2026-11-29", Machine(2, "Test", 4.0, 0.5), {"dlt": "9.9.9"}, "make", 100, 1)
SPEED = Speed("our tap", 1_000, Figures(11, 49.5, 4_500, 0, 0, 0.5, 7.25, 57.4))
COMPARISON = Comparison(
    limited=((100.0, [SPEED, Speed("another", 1_000, None)]),),
    unlimited=[SPEED],
    robustness=[
        Scenario("A kill", (Outcome("our tap", 2, True, 31, 0, 1_200), Outcome("another", 3, False, 9, 7, 0))),  # noqa: FBT003  # as the fields are
        Scenario("Another kill", (Outcome("another", 1, True, 9, 0, 0),)),  # noqa: FBT003  # as above
    ],
    sending=[SendSpeed("our target", 49.0, 0, 0.5, 3.0, 60.0), SendSpeed("another", None)],
    send_robustness=[SendScenario("A kill", 100, (SendOutcome("our target", (-9, 0), 100, 10, 0),))],
    rows=150,
)


def test_figures_are_filled_in_between_their_marks() -> None:
    """Every figure is written between two comments, twice in a row as once, and the text around stays as it is."""
    page = text_of("docs/comparison.md")
    filled = fill(page, COMPARISON, CIRCUMSTANCES)
    assert _FIGURES.sub("", filled) == _FIGURES.sub("", page)
    assert fill(filled, COMPARISON, CIRCUMSTANCES) == filled
    [circumstances, reading, robustness, sending, send_robustness] = _FIGURES.findall(filled)
    assert "dlt 9.9.9" in circumstances
    assert "| our tap         |       49.5 |   99% |   4,500 |" in reading
    assert "| another: failed |          - |     - |       - |" in reading
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in robustness.splitlines() if line.startswith("|")
    ]
    assert rows[2:] == [
        ["A kill", "0 lost, 1,200 again; 2 runs, 31 requests", "**7 lost**, 0 again; never succeeds, 9 requests"],
        ["Another kill", "-", "0 lost, 0 again; 1 run, 9 requests"],
    ]
    assert "150 records" in sending
    assert "-9, 0" in send_robustness


def test_page_without_a_place_for_figures_is_refused() -> None:
    """Figures are never dropped: a page that lacks a place for some of them is an error that names it."""
    with pytest.raises(ValueError, match="figures: circumstances"):
        fill("# Comparison with other tools\n", COMPARISON, CIRCUMSTANCES)
