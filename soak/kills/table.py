"""The figures as a table for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soak.kills.subject import Moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soak.kills.campaign import Tally

_SHOWN = 5


def table(tallies: Sequence[Tally]) -> str:
    """Return the figures as a Markdown table with a row of totals."""
    rows = [_cells(each.name, _figures(each)) for each in tallies]
    totals = {name: sum(_figures(each)[name] for each in tallies) for name in _figures(tallies[0])}
    head = ["subject", *totals]
    return "\n".join(
        f"| {' | '.join(row)} |" for row in [head, ["---", *["--:"] * len(totals)], *rows, _cells("all", totals)]
    )


def _cells(name: str, figures: dict[str, int]) -> list[str]:
    return [name, *(f"{value:,}" for value in figures.values())]


def _figures(tally: Tally) -> dict[str, int]:
    moments = {moment.value: tally.moments[moment] for moment in Moment}
    moments[f"{Moment.AFTER.value}, not a kill"] = moments.pop(Moment.AFTER.value)
    return {
        "kills": tally.kills,
        **moments,
        "lost": tally.lost,
        "duplicated in flight": tally.in_flight,
        "duplicated otherwise": tally.duplicated,
        "other promises broken": sum(len(each.sentences) for each in tally.broken) - tally.lost - tally.duplicated,
        "seconds": round(tally.seconds),
    }


def failures(tally: Tally, seed: int, option: str) -> list[str]:
    """Return what was broken, and how to repeat it."""
    lines = []
    for each in tally.broken:
        more = len(each.sentences) - _SHOWN
        lines += [
            f"BROKEN: {tally.name}, seed {seed}, try {each.number}",
            *(f"  {sentence}" for sentence in each.sentences[:_SHOWN]),
            *([f"  and {more} more"] if more > 0 else []),
            f"  files: {each.folder}; again: make kills KILLS='--only {option} --seed {seed} --try {each.number}'",
        ]
    return lines


def report(tallies: Sequence[Tally], seed: int) -> dict[str, Any]:
    """Return everything as JSON."""
    return {
        "seed": seed,
        "subjects": {
            each.name: {
                "tries": each.tries,
                **_figures(each),
                "broken": [{"try": one.number, "shown by": one.sentences} for one in each.broken],
            }
            for each in tallies
        },
    }
