"""Bar charts as SVG: widths are percentages, so that charts fit any screen while their text keeps its size.

Classes set the colours, because the page's policy forbids inline styles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_sandbox.web.markup import Markup, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOP, _FOOT, _HEIGHT = 18, 168, 190  # pixels: the end of the highest bar, the axis, the total
_STEPS = (1, 2, 5)
_GAP_SHARE = 0.24


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: its colour class and its amount."""

    class_: str
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its tooltip, its parts, and its label below the axis."""

    words: str
    parts: tuple[Part, ...]
    label: str


def bars(columns: Sequence[Bar], summary: str, *, limit: int | None = None, is_stacked: bool = True) -> Markup:
    """Return the chart; `summary` is its text alternative, and `limit` is drawn as a line.

    The parts of a bar are stacked, or side by side.
    """
    heights = (_height(bar, is_stacked=is_stacked) for bar in columns)
    top, step = _scale(max(*heights, limit or 0, 1))
    values = range(step, top + 1, step)
    drawn = [_bar(bar, number, len(columns), top, is_stacked=is_stacked) for number, bar in enumerate(columns)]
    chart = tag(
        "svg",
        [_line(_y(value, top), "grid") for value in values],
        _line(_FOOT, "axis"),
        drawn,
        None if limit is None else _limit_line(limit, top),
        _labels(columns),
        role="img",
        aria_label=summary,
        height=_HEIGHT,
        class_="chart",
    )
    return tag("div", _ticks(values, top), chart, class_="plot")


def key(series: Sequence[tuple[str, str]]) -> Markup:
    """Return the legend for pairs of class and name."""
    items = [tag("li", tag("span", class_=f"swatch {class_}"), name) for class_, name in series]
    return tag("ul", items, class_="key")


def _height(bar: Bar, *, is_stacked: bool) -> int:
    counts = [part.count for part in bar.parts]
    return sum(counts) if is_stacked else max(counts, default=0)


def _scale(highest: int) -> tuple[int, int]:
    """Return the axis's end and step: at most five lines, at round numbers."""
    power = 1
    while True:
        for digit in _STEPS:
            step = digit * power
            if highest <= 4 * step:
                return -(-highest // step) * step, step
        power *= 10


def _y(value: float, top: int) -> float:
    return round(_FOOT - value / top * (_FOOT - _TOP), 1)


def _line(y: float, class_: str) -> Markup:
    return tag("line", x1=0, x2="100%", y1=y, y2=y, class_=class_)


def _ticks(values: range, top: int) -> Markup:
    # Outside the SVG, because a width in per cent cannot leave a margin in pixels.
    words = [tag("text", f"{value:,}", x="100%", y=_y(value, top) + 4, class_="tick end") for value in (0, *values)]
    width = 8 * len(f"{values[-1]:,}") + 2
    return tag("svg", words, width=width, height=_HEIGHT, class_="ticks", aria_hidden="true")


def _limit_line(limit: int, top: int) -> Markup:
    y = _y(limit, top)
    words = tag("text", f"limit {limit}", x=0, y=y - 5, class_="tick limit-text")
    return tag("g", _line(y, "limit"), words)


def _bar(bar: Bar, number: int, of: int, top: int, *, is_stacked: bool) -> Markup:
    space = 100 / of
    width = space * (1 - _GAP_SHARE)
    left = space * (number + _GAP_SHARE / 2)
    # The whole height is the pointer's target, because a low bar is hard to hit.
    rectangles = [_rectangle("hit", space * number, space, _TOP, _FOOT)]
    below = 0
    each = width if is_stacked else width / max(1, len(bar.parts))
    for place, part in enumerate(bar.parts):
        if part.count:
            foot = _y(below, top)
            x = left if is_stacked else left + each * place
            rectangles.append(_rectangle(part.class_, x, each, _y(below + part.count, top), foot))
            below += part.count if is_stacked else 0
    return tag("g", tag("title", bar.words), rectangles, class_="bar")


def _rectangle(class_: str, left: float, width: float, top: float, foot: float) -> Markup:
    height = round(foot - top, 1)
    return tag("rect", x=f"{left:.2f}%", width=f"{width:.2f}%", y=top, height=height, class_=class_)


def _labels(columns: Sequence[Bar]) -> list[Markup]:
    middle = len(columns) // 2
    places = ((0, 0.0, "start"), (middle, (middle + 0.5) / len(columns) * 100, "middle"), (-1, 100.0, "end"))
    return [
        tag("text", columns[index].label, x=f"{x:.2f}%", y=_HEIGHT - 5, class_=f"tick {anchor}")
        for index, x, anchor in places
    ]
