"""Answers that are valid HTTP but make no sense: endless links, wrong types, impossible dates."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tap_seeker_leads.leads.lenient_json import storable
from tap_seeker_leads.leads.schema import INSTANTS, METADATA_FIELDS, leads_schema
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading import pages_of_window
from tests.hostile_server import RUN, Asked, HostileServer, http, lead, page, refused
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.tap_runs import TapRunner

    Answer = Callable[[HostileServer], Iterable[bytes]]


def endless(kind: str) -> Callable[[Asked], list[bytes]]:
    def answer(asked: Asked) -> list[bytes]:
        number = asked.number
        items = {
            "the same leads": [lead("a"), lead("b")],
            "no leads": [],
            "new leads": [lead(f"lead-{number}")],
            "the same cursor": [lead(f"lead-{number}")],
        }[kind]
        return http(page(items, "same" if kind == "the same cursor" else f"c{number}"), status=206)

    return answer


@pytest.mark.parametrize(
    ("kind", "most_requests"), [("the same leads", 150), ("no leads", 150), ("new leads", 60), ("the same cursor", 3)]
)
def test_endless_links_end_the_run(
    run_tap: TapRunner, monkeypatch: pytest.MonkeyPatch, kind: str, most_requests: int
) -> None:
    """A window that never ends, in any way, ends the run with an error, and stays unread."""
    monkeypatch.setattr(pages_of_window, "MAX_PAGES_PER_WINDOW", 50)
    with HostileServer(endless(kind)) as server:
        message = refused(run_tap(api_url=server.url, **RUN))
    assert "returned the same cursor twice" in message or "does not end" in message
    assert len(server.asked) <= most_requests


def test_next_link_to_another_host_is_only_a_cursor(run_tap: TapRunner) -> None:
    """Only the cursor of a `next` link to another host is used: the token goes to `api_url`."""
    with HostileServer(lambda _: http()) as thief:
        first = json.dumps({"links": {"next": f"{thief.url}/leads?start=a"}, "items": [lead("a")]})
        with HostileServer(lambda asked: http(page([lead("b")]) if "start" in asked.query else first)) as server:
            run = run_tap(api_url=server.url, **RUN)
    assert (run.error, sorted(run.ids)) == (None, ["a", "b"])
    assert thief.asked == []
    assert [asked.query.get("start") for asked in server.asked] == [None, "a"]


@pytest.mark.parametrize("date", [None, -1, NOW - 10**8, NOW + 10**8])
def test_leads_without_a_usable_date_are_read_once(run_tap: TapRunner, date: int | None) -> None:
    """If dates do not show a window's density, no reader cuts it: the same leads would be read again and again."""
    first = page([lead("a", ingestionDate=date)], "a")
    with HostileServer(lambda asked: http(page([]) if "start" in asked.query else first)) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert run.error is None
    assert run.bookmark == "2026-11-23T08:00:00Z"
    assert len(server.asked) == 2


WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    10**30,
    "",
    "x",
    "\u0000",
    [],
    [None],
    [[]],
    {},
    {"x": 1},
    [{"x": {}}],
]


def paths(schema: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    yield above
    for name, field in schema.get("properties", {}).items():
        yield from paths(field, *above, name)
    if "items" in schema:
        yield from paths(schema["items"], *above, "[]")


def with_value(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = [value] if name == "[]" else {name: value}
    return value


def is_at(path: tuple[str, ...], value: Any, whole: Any) -> bool:
    try:
        for name in path:
            whole = whole[0 if name == "[]" else name]
    except (KeyError, IndexError, TypeError):
        return False
    return json.dumps(whole) == json.dumps(value)  # 1 equals True, but its JSON does not


def test_wrong_types_in_every_field(run_tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    """With any value in any field, each lead is emitted once and matches the schema; items without an id are counted.

    The value is not lost either: if it is not in its place, it is in `extra` by the same path.
    """
    parts = {name: field for name, field in leads_schema()["properties"].items() if "object" in field["type"]}
    parts["distributionType"] = leads_schema()["properties"]["distributionType"]
    places = [path for path in paths({"properties": parts}) if path and path[0] != "extra"]
    places += [("new",), ("contactRequest", "new")]
    names = ("ingestionDate", "portal", "TTL", "leadCategory", "seekerIntention", "new")
    items: list[Any] = []
    sent: dict[str, tuple[tuple[str, ...], Any]] = {}
    for number, (path, value) in enumerate(itertools.product(places, WRONG)):
        items.append(lead(f"p{number}", ingestionDate=NOW - 100) | with_value(path, value))
        sent[f"p{number}"] = (path, storable(value))
    for number, (name, value) in enumerate(itertools.product(names, WRONG)):
        if name != "ingestionDate" or value not in (0, 1.5):  # leads of 1970 are outside this run
            items.append(lead(f"m{number}", **{name: value}))
            sent[f"m{number}"] = (("metadata", name), storable(value))
    count = len(items)
    # Items that are not leads are put among leads, since a page without a lead would end the run.
    nobody = [*WRONG, *({"metadata": value} for value in WRONG), lead(""), {"metadata": {"leadId": {"a": 1}}}]
    pages = [
        page(
            [*items[start : start + 90], *nobody[start // 90 : start // 90 + 1]],
            f"c{start}" if start + 90 < count else None,
        )
        for start in range(0, count, 90)
    ]
    skipped = min(len(pages), len(nobody))
    with HostileServer(
        lambda asked: http(pages[asked.number], 206 if asked.number + 1 < len(pages) else 200)
    ) as server:
        run = run_tap(api_url=server.url, **RUN | {"max_concurrent_requests": 1})
    assert run.error is None
    assert count > 800
    assert len(run.ids) == len(set(run.ids)) == count
    assert f"{skipped} items without a `leadId` were skipped" in caplog.text
    validator = jsonschema.Draft7Validator(run.schema)
    in_extra = 0
    for record in run.records:
        assert list(validator.iter_errors(record)) == []
        path, value = sent[record["leadId"]]
        if not is_at(path, value, as_sent(record, path[-1], value)):
            assert is_at(path, value, record["extra"]), (path, value, record)
            in_extra += 1
    assert in_extra > count / 2


def as_sent(record: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Return the record with its `metadata` in the API's form: nested, and with instants as numbers."""
    metadata = {field: record[column] for field, column in METADATA_FIELDS.items()}
    if name in INSTANTS and metadata[name] is not None:
        assert metadata[name] == to_rfc3339(int(value))
        metadata[name] = value
    return record | {"metadata": metadata}


DATES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1",
    "-99999999999999999999",
    "253402300799",
    "253402300800",
    "1" * 400,
    "1e15",
    "0",
    "1.5",
    '"2026-11-20"',
    '"9999-12-31T23:59:59Z"',
    "true",
    "null",
    "[]",
    "{}",
]


@pytest.mark.parametrize("date", DATES, ids=lambda date: date[:12])
@pytest.mark.parametrize("field", ["ingestionDate", "TTL"])
def test_impossible_dates_lose_no_lead_and_move_no_bookmark(run_tap: TapRunner, date: str, field: str) -> None:
    """With a date of NaN, below zero or beyond 9999, all leads arrive, and the bookmark is the window's end."""
    odd = '{"metadata": {"leadId": "odd%d", "portal": "SLG-FRA", "' + field + '": ' + date + "}}"

    def answer(asked: Asked) -> list[bytes]:
        items = [odd % asked.number, json.dumps(lead(f"good{asked.number}", ingestionDate=NOW - 1000))]
        return http(f'{{"items": [{", ".join(items)}]}}', status=206 if asked.number < 3 else 200)

    with HostileServer(answer) as server:
        run = run_tap(
            api_url=server.url,
            **RUN | {"max_concurrent_requests": 2},
        )
    assert run.error is None
    good = {lead_id for lead_id in run.ids if lead_id.startswith("good")}
    assert good >= {f"good{number}" for number in range(4)}
    # Leads from before the start are outside this run.
    is_early = field == "ingestionDate" and date in {"0", "1.5"}
    assert any(lead_id.startswith("odd") for lead_id in run.ids) is not is_early
    assert run.bookmark == "2026-11-23T08:00:00Z"


def test_duplicate_ids_lose_nothing(run_tap: TapRunner) -> None:
    """A lead that the API lists twice within a window is emitted twice: the second may have newer data."""
    pages = [
        page([lead("a", ingestionDate=NOW - 900), lead("a", ingestionDate=NOW - 900), lead("b")], "b"),
        page([lead("a", ingestionDate=NOW - 800), lead("c", ingestionDate=NOW - 700)], "c"),
        page([lead("a"), lead("d")]),
    ]
    with HostileServer(lambda asked: http(pages[asked.number], 200 if asked.number == 2 else 206)) as server:
        run = run_tap(api_url=server.url, **RUN | {"max_concurrent_requests": 1})
    assert run.error is None
    assert sorted(run.ids) == ["a", "a", "a", "a", "b", "c", "d"]


NO_PAGES = {
    "nothing": "",
    "leads by another name": '{"links": {}, "leads": []}',
    "object": '{"items": {"0": {}}}',
    "text": '{"items": "none"}',
    "number": '{"items": 0}',
    "nothing but lists": '{"items": [[], []]}',
    "no JSON at all": "\x00" * 1000,
    "too deep": "[" * 100_000,
    "too deep in a lead": '{"items": [{"metadata": {"leadId": "a", "x": ' + "[" * 99_999 + "]" * 99_999 + "}}]}",
    "too deep in the links": '{"items": [], "links": ' + "[" * 99_999 + "]" * 99_999 + "}",
    "too large a number": '{"items": [{"metadata": {"leadId": ' + "1" * 5000 + "}}]}",
    "two documents": '{"items": []}{"items": []}',
}


@pytest.mark.parametrize("body", NO_PAGES.values(), ids=NO_PAGES)
def test_answer_that_is_not_a_page_ends_the_run(run_tap: TapRunner, body: str) -> None:
    """A body without a list of leads is never an empty period, however it is broken."""
    with HostileServer(lambda _: http(body)) as server:
        assert "GET /leads" in refused(run_tap(api_url=server.url, **RUN | {"max_retries": 1}))
    assert 1 <= len(server.asked) <= 2
