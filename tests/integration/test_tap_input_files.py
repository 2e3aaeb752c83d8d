"""The state and catalog that a run is given."""

from __future__ import annotations

import copy
import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.catalog import own_catalog
from tap_seeker_leads.tap import TapSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Clock, TapRunner

OWN = {"replication_key": "ingestionDate", "replication_key_value": "2026-11-23T06:00:00Z"}


@pytest.mark.parametrize(
    ("state", "named"),
    [
        ({"bookmarks": None}, "bookmarks"),
        ({"bookmarks": []}, "bookmarks"),
        ({"bookmarks": "2026-11-20"}, "bookmarks"),
        ({"bookmarks": {"leads": None}}, "bookmarks.leads"),
        ({"bookmarks": {"leads": []}}, "bookmarks.leads"),
        ({"bookmarks": {"leads": "2026-11-20"}}, "bookmarks.leads"),
        ({"singer_state": {"bookmarks": {"leads": OWN}}}, "singer_state"),
        ({"type": "STATE", "value": {"bookmarks": {"leads": OWN}}}, "value"),
        ({"completed": {"leads": 1}}, "completed"),
        ({"leads": OWN}, "leads"),
        ({"bookmarks": {"leads": {"partitions": [{"context": {"a": 1}, **OWN}]}}}, "partitions"),
        ({"bookmarks": {"leads": {**OWN, "partitions": [{"context": {"a": 1}}]}}}, "partitions"),
        ({"bookmarks": {"leads": {"progress_markers": OWN}}}, "progress_markers"),
        ({"bookmarks": {"leads": {"last_date": "2026-11-20"}}}, "last_date"),
        ({"bookmarks": {"leads": {"replication_key": "ingestionDate", "value": "2026-11-20"}}}, "value"),
    ],
)
def test_state_of_another_shape_is_named(
    run_tap: TapRunner, sandbox: Sandbox, state: dict[str, Any], named: str
) -> None:
    """A malformed state, or content of another program, never means "from the start": the error says what is wrong."""
    with pytest.raises(SettingsError, match=f"^The state.*`{named}`"):
        run_tap(state=state)
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"bookmarks": {"leads": {}}}])
def test_state_without_a_bookmark_counts_as_absent(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, state: dict[str, Any]
) -> None:
    """An empty object means that there is no state yet: the run reads from `start_date`."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - 86_400])
    run = run_tap(start_date="2026-11-20", state=state)
    assert (run.error, run.ids) == (None, leads)


@pytest.mark.parametrize("other", [None, [], "2026-11-20", {"partitions": None, "progress_markers": None}])
def test_bookmarks_of_other_streams_are_not_ours(run_tap: TapRunner, other: object) -> None:
    """Another stream's content in the same state stops nothing, and is written again unchanged."""
    run = run_tap(state={"bookmarks": {"other": other, "leads": OWN}}, refresh_days=0)
    assert run.error is None
    assert run.state == {"bookmarks": {"other": other, "leads": {**OWN, "replication_key_value": run.bookmark}}}


@pytest.mark.parametrize("value", [None, [], {}])
@pytest.mark.parametrize("name", ["partitions", "progress_markers"])
def test_what_this_stream_never_keeps_does_not_count(
    run_tap: TapRunner, sandbox: Sandbox, name: str, value: object
) -> None:
    """Empty partitions and progress markers are not part of this stream's state: the bookmark counts."""
    run = run_tap(state={"bookmarks": {"leads": {**OWN, name: value}}}, refresh_days=0)
    assert (run.error, sandbox.statistics.requests) == (None, 1)
    assert run.state == {"bookmarks": {"leads": {**OWN, "replication_key_value": "2026-11-23T08:00:00Z"}}}


def catalog(**changes: Any) -> dict[str, Any]:
    """Return what `--discover` prints, with changes in the stream's entry; `...` removes a field."""
    tap = TapSeekerLeads(config={}, validate_config=False, setup_mapper=False)
    made: dict[str, Any] = json.loads(tap.catalog_json_text)
    (entry,) = made["streams"]
    entry.update(changes)
    made["streams"] = [{name: value for name, value in entry.items() if value is not ...}]
    return made


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"schema": ...}, "`schema`"),
        ({"schema": None}, "schema"),
        ({"schema": {}}, "`properties`"),
        ({"schema": {"properties": None}}, "properties"),
        ({"schema": {"properties": {"leadId": None}}}, "`leadId` is not a JSON Schema"),
        ({"schema": {"properties": {"portal": {"type": "string"}}}}, "`leadId`"),
        ({"metadata": None}, "metadata"),
        ({"metadata": {}}, "metadata"),
        ({"metadata": [{}]}, "`breadcrumb`"),
        ({"metadata": [{"breadcrumb": [], "metadata": None}]}, "metadata"),
        ({"key_properties": "leadId"}, "key_properties"),
        ({"tap_stream_id": ...}, "`tap_stream_id`"),
        ({"tap_stream_id": None}, "`tap_stream_id`"),
        ({"tap_stream_id": "lead"}, "`tap_stream_id`"),
    ],
)
def test_catalog_that_does_not_fit_is_named(
    run_tap: TapRunner, sandbox: Sandbox, changes: dict[str, Any], named: str
) -> None:
    """A catalog that the SDK could not use ends the run at once, and the error says how to make a new one."""
    with pytest.raises(SettingsError, match=named) as caught:
        run_tap(catalog=catalog(**changes))
    assert "--discover > catalog.json" in str(caught.value)
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("given", [{}, {"streams": None}, {"streams": []}, {"streams": [None, {}]}, {"leads": {}}])
def test_catalog_without_the_stream_is_an_error(run_tap: TapRunner, given: dict[str, Any]) -> None:
    """A catalog without the stream is an error, since the run would read nothing."""
    with pytest.raises(SettingsError, match="no stream"):
        run_tap(catalog=given)


def test_odd_streams_of_others_do_not_matter(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Only this stream's entry of a catalog is used."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - 3600])
    given = catalog()
    given["streams"] = [None, {}, {"tap_stream_id": "other"}, *given["streams"]]
    run = run_tap(start_date="2026-11-20", catalog=copy.deepcopy(given))
    assert (run.error, run.ids) == (None, leads)
    assert own_catalog(given) == own_catalog(catalog())


def edited(path: str, value: object) -> dict[str, Any]:
    """Return a catalog with one value of its entry changed; `...` removes it."""
    made = catalog()
    *names, last = path.split(".")
    place = made["streams"][0]
    for name in names:
        place = place[name]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return made


def with_metadata(breadcrumb: list[str], **metadata: Any) -> dict[str, Any]:
    """Return a catalog with changes in the metadata of one breadcrumb."""
    made = catalog()
    entries = made["streams"][0]["metadata"]
    found = next((entry for entry in entries if list(entry["breadcrumb"]) == breadcrumb), None)
    if found is None:
        entries.append(found := {"breadcrumb": breadcrumb, "metadata": {}})
    found["metadata"].update({name.replace("_", "-"): value for name, value in metadata.items()})
    return made


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (partial(edited, "key_properties", ["portal"]), "key_properties"),
        (partial(edited, "key_properties", ["leadId", "portal"]), "key_properties"),
        (partial(edited, "replication_key", "ttl"), "replication_key"),
        (partial(edited, "replication_method", "LOG_BASED"), "replication method"),
        (partial(edited, "stream", "contacts"), "stream"),
        (partial(edited, "schema.properties.ttl.type", ["integer", "null"]), "`ttl`"),
        (
            partial(edited, "schema.properties.contactRequest.properties.email.type", "integer"),
            "`contactRequest.email`",
        ),
        (partial(edited, "schema.properties.contactRequest.type", ["string"]), "`contactRequest`"),
        (partial(edited, "schema.properties.score", {"type": "string"}), "`score`"),
        (partial(with_metadata, [], table_key_properties=["portal"]), "table-key-properties"),
        (partial(with_metadata, [], replication_key="ttl"), "replication-key"),
        (partial(with_metadata, [], forced_replication_method="LOG_BASED"), "replication method"),
        (partial(with_metadata, ["properties", "emial"], selected=False), "`emial`"),
        (partial(with_metadata, ["contactRequest"], selected=False), "`contactRequest`"),
    ],
)
def test_catalog_that_redefines_is_refused(
    run_tap: TapRunner, sandbox: Sandbox, given: Callable[[], dict[str, Any]], named: str
) -> None:
    """A catalog that redefines keys, replication or types, or selects an unknown field, ends the run at once."""
    with pytest.raises(SettingsError, match=named):
        run_tap(catalog=given())
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize(
    "given",
    [
        partial(edited, "key_properties", []),
        partial(edited, "key_properties", ...),
        partial(edited, "replication_key", ...),
        partial(edited, "replication_method", ...),
        partial(edited, "metadata", []),
        partial(edited, "metadata", ...),
        partial(edited, "schema.properties.leadId.type", ["string", "null"]),
        partial(with_metadata, ["properties", "leadId"], selected=False, inclusion="available"),
        partial(with_metadata, ["properties", "ingestionDate"], selected=False, inclusion="unsupported"),
        partial(with_metadata, ["properties", "contactRequest", "properties", "fax"], selected=False),
    ],
)
def test_incomplete_catalog_is_completed_by_the_tap(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, given: Callable[[], dict[str, Any]]
) -> None:
    """Keys, replication or selection that a catalog lacks are the tap's own; each record has its key."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - 3600])
    run = run_tap(start_date="2026-11-20", catalog=given())
    assert (run.error, run.ids, run.bookmark) == (None, leads, "2026-11-23T08:00:00Z")
    (schema,) = [message for message in run.messages if message["type"] == "SCHEMA"]
    assert schema["key_properties"] == ["leadId"]
    assert schema["schema"]["properties"]["leadId"]["type"] == ["string"]


def test_catalog_without_is_erased_is_accepted(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A catalog of a version without `isErased` gets only the columns that it has, as with any new column."""
    sandbox.add_leads(ingestion_dates=[clock.now - 3600])
    run = run_tap(start_date="2026-11-20", catalog=edited("schema.properties.isErased", ...))
    assert run.error is None
    assert "isErased" not in run.records[0]


@pytest.mark.parametrize("path", ["contactRequest", "contactRequest.properties.email"])
def test_field_that_the_schema_leaves_out_is_deselected(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, path: str
) -> None:
    """A catalog with fewer fields, for example of an earlier version, gets exactly those fields."""
    sandbox.add_leads(ingestion_dates=[clock.now - 3600])
    run = run_tap(start_date="2026-11-20", catalog=edited(f"schema.properties.{path}", ...))
    (record,) = run.records
    assert run.error is None
    assert "email" not in record.get("contactRequest", {})
    assert ("contactRequest" in record) == (path != "contactRequest")


def test_deselected_stream_is_a_choice(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A catalog that deselects the stream makes the run read nothing, without an error."""
    run = run_tap(catalog=catalog(metadata=[{"breadcrumb": [], "metadata": {"selected": False}}]))
    assert (run.error, sandbox.statistics.requests) == (None, 0)
