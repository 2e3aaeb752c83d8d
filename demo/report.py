"""The demo's report: one self-contained page in the style of the sandbox's page."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from demo.inbound import CATEGORIES
from demo.parts import FOLDER
from seeker_leads_sandbox.web.day_chart import DAYS, Day, day_chart
from seeker_leads_sandbox.web.markup import Markup, join, tag
from seeker_leads_sandbox.web.page import part
from seeker_leads_sandbox.web.portals import name_of, series_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.facts import Facts, Reject, Table

FILE = FOLDER / "report.html"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
#: Additions to the page's style.
_STYLE = """
.tiles { grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); }
.card p { max-width: 75ch; margin-bottom: 12px; }
.report-table { overflow-x: auto; }
.report-table td, .report-table th { overflow-wrap: normal; min-width: 90px; }
.numbers td:not(:first-child), .numbers th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
.report-table li + li { margin-top: 6px; }
.rejects td:first-child { font-weight: 600; }
.took { margin: 12px 0 0; }
.report-table + p { margin-top: 12px; }
@media (max-width: 560px) {
  .tile:last-child { grid-column: auto; }
  .rejects thead { display: none; }
  .rejects td { display: block; border: 0; padding: 3px 0; }
  .rejects td:nth-child(3) { color: var(--quiet); }
  .rejects td:last-child li::before { content: "\\2192  "; }
  .rejects tr { display: block; border-top: 1px solid var(--line); padding: 8px 0; }
}
"""


def write(facts: Facts) -> None:
    """Write the report; only its owner can read it, because it shows (invented) people."""
    FILE.touch(mode=0o600)
    FILE.write_text(page(facts), encoding="utf-8")


def page(facts: Facts) -> str:
    """Return the report as HTML."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("title", "Seeker Leads demo: report"),
        tag("style", [Markup(part(name).decode()) for name in ("theme.css", "page.css")], Markup(_STYLE)),
    )
    title = tag("h1", "Seeker Leads ", tag("span", "demo, report"))
    main = tag("main", _figures(facts), _inbound(facts), _outbound(facts), _next(), class_="wide")
    body = tag("body", tag("header", tag("div", title, class_="wide")), main)
    return f"<!doctype html>{tag('html', head, body, lang='en')}"


def _figures(facts: Facts) -> Markup:
    sent = facts.sent
    tiles = (
        ("First run", f"{facts.first.new:,}", f"leads into PostgreSQL in {facts.first.seconds:.1f} s"),
        ("Second run", f"{facts.second.new:,}", "leads: only the new ones"),
        ("By a webhook", f"{facts.webhook.seconds:.1f} s", "from a lead's arrival to its row"),
        ("Sent", sent.first + sent.corrected, f"leads of a file: {sent.first}, and {sent.corrected} after correction"),
        ("Sent twice", sent.again, "when the whole file was sent again"),
    )
    shown = [
        tag("div", tag("dt", name), tag("dd", value), tag("dd", words, class_="small"), class_="tile")
        for name, value, words in tiles
    ]
    words = tag("p", f"The demo took {facts.seconds:.0f} s. All people are invented.", class_="quiet took")
    return tag("section", tag("dl", shown, class_="tiles"), words)


def _inbound(facts: Facts) -> Markup:
    table = facts.table
    heading = ("Portal", "Leads", *(name.replace("_", " ").capitalize() for name in CATEGORIES))
    rows = [
        (name_of(portal) or str(portal).capitalize(), *(f"{count:,}" for count in counts))
        for portal, *counts in table.portals
    ]
    newest = [
        (
            f"{at:%d %b %H:%M:%S}",
            name_of(portal) or portal,
            category.replace("_", " ").capitalize(),
            name,
            f"{message}…",
        )
        for at, portal, category, name, message in table.newest
    ]
    return join(
        _card(
            "Into the database: tap-seeker-leads, target-postgres",
            tag("p", "Leads in the table ", tag("code", "seeker_leads_local.leads"), ", by day (UTC) and portal."),
            day_chart(_days(table)),
        ),
        _card("By portal and category", _table(heading, rows, "numbers")),
        _card(
            "The three newest leads",
            _table(("Ingested, UTC", "Portal", "Category", "Last name", "Message"), newest),
            tag("p", "Bookmark, the instant up to which all leads are read: ", tag("code", table.bookmark)),
        ),
    )


def _days(table: Table) -> list[Day]:
    last = max(day for day, _ in table.days)
    days = [last - timedelta(days=back) for back in reversed(range(DAYS))]
    counts: dict[object, Counter[int]] = {day: Counter() for day in days}
    for (day, portal), count in table.days.items():
        if day in counts:
            counts[day][series_of(portal)] += count
    return [Day(day, counts[day]) for day in days]


def _outbound(facts: Facts) -> Markup:
    sent = facts.sent
    by_row = [list(rejects) for _, rejects in groupby(sent.rejects, key=lambda reject: reject.row)]
    words = (
        f"examples/leads.csv: {sent.first} rows were sent and {len(by_row)} rejected, each with all its reasons. "
        f"After correction, {sent.corrected} more were sent. Sending the whole file again created {sent.again} leads, "
        "because the ledger knows what was delivered."
    )
    heading = ("Row", "What was wrong", "What to do", "Correction")
    return _card(
        "From a file: tap-spreadsheets, target-seeker-leads",
        tag("p", words),
        _table(heading, map(_row, by_row), "rejects"),
    )


def _row(rejects: list[Reject]) -> tuple[object, ...]:
    """Return a row of the file: all its reasons, and its correction."""
    reasons = [tag("li", tag("code", reject.field), f" {reject.rule}") for reject in rejects]
    cures = [tag("li", _with_code(reject.cure)) for reject in rejects]
    written = [tag("li", tag("code", name), f": {value}") for name, value in rejects[0].written.items()]
    return (rejects[0].row, tag("ul", reasons), tag("ul", cures), tag("ul", written))


def _with_code(text: str) -> Markup:
    """Return a text with the names in backticks shown as code."""
    return join(*(tag("code", part) if place % 2 else part for place, part in enumerate(text.split("`"))))


def _next() -> Markup:
    command = "seeker-leads-sandbox serve --arrivals-per-minute 20"
    return _card(
        "Next",
        tag("p", tag("code", "make demo KEEP=1"), " keeps the sandbox and PostgreSQL running for a file of your own."),
        tag("p", tag("code", command), " runs only the sandbox, with a page that shows leads as they arrive."),
        tag("p", "To use your own account, see docs/start.md."),
    )


def _card(name: str, *content: object) -> Markup:
    return tag("section", tag("h2", name), content, class_="card")


def _table(heading: Iterable[str], rows: Iterable[Iterable[object]], class_: str | None = None) -> Markup:
    head = tag("thead", tag("tr", [tag("th", name, scope="col") for name in heading]))
    body = tag("tbody", [tag("tr", [tag("td", cell) for cell in row]) for row in rows])
    return tag("div", tag("table", head, body, class_=class_), class_="report-table", tabindex="0")
