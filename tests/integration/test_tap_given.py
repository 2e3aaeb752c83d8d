"""State and catalog as a run is given them."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.state.input_files import own_catalog
from tap_seeker_leads.tap import TapSeekerLeads

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.conftest import Clock, TapRunner

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
    ],
)
def test_state_of_another_shape_is_named(
    run_tap: TapRunner, sandbox: Sandbox, state: dict[str, Any], named: str
) -> None:
    """A state that cannot be taken apart never means "from the start": the error says where it is wrong."""
    with pytest.raises(SettingsError, match=f"^The state.*`{named}`"):
        run_tap(state=state)
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("state", [{}, {"bookmarks": {}}, {"bookmarks": {"leads": {}}}])
def test_state_without_a_bookmark_is_none(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, state: dict[str, Any]
) -> None:
    """An object that is empty says that there is no state yet: the run reads from `start_date`."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - 86_400])
    run = run_tap(start_date="2026-11-20", state=state)
    assert (run.error, run.ids) == (None, leads)


@pytest.mark.parametrize("other", [None, [], "2026-11-20", {"partitions": None, "progress_markers": None}])
def test_bookmarks_of_other_streams_are_not_ours(run_tap: TapRunner, other: object) -> None:
    """Whatever another stream keeps in the same state stops nothing, and is passed on as it came."""
    run = run_tap(state={"bookmarks": {"other": other, "leads": OWN}})
    assert run.error is None
    assert run.state == {"bookmarks": {"other": other, "leads": {**OWN, "replication_key_value": run.bookmark}}}


@pytest.mark.parametrize("value", [None, [], {}, "x", [None], [{"context": {"a": 1}}, {"context": {"a": 2}}]])
@pytest.mark.parametrize("name", ["partitions", "progress_markers"])
def test_what_this_stream_never_keeps_does_not_count(
    run_tap: TapRunner, sandbox: Sandbox, name: str, value: object
) -> None:
    """Partitions and progress markers are no part of this stream's state: the bookmark counts, and is read on once."""
    run = run_tap(state={"bookmarks": {"leads": {**OWN, name: value}}})
    assert (run.error, sandbox.statistics.requests) == (None, 1)
    assert run.state == {"bookmarks": {"leads": {**OWN, "replication_key_value": "2026-11-23T08:00:00Z"}}}


def catalog(**changes: Any) -> dict[str, Any]:
    """Return what `--discover` prints, with changes in the stream's entry; one of `...` leaves a field out."""
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
        ({"schema": {"properties": {"leadId": None}}}, "properties"),
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
    """What the SDK could make nothing of ends the run at once, and the error says how to make a new catalog."""
    with pytest.raises(SettingsError, match=named) as caught:
        run_tap(catalog=catalog(**changes))
    assert "--discover > catalog.json" in str(caught.value)
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("given", [{}, {"streams": None}, {"streams": []}, {"streams": [None, {}]}, {"leads": {}}])
def test_catalog_without_the_stream_is_an_error(run_tap: TapRunner, given: dict[str, Any]) -> None:
    """A run that would read nothing at all is no good one."""
    with pytest.raises(SettingsError, match="no stream"):
        run_tap(catalog=given)


def test_odd_streams_of_others_do_not_matter(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Of a catalog only this stream's entry counts."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - 3600])
    given = catalog()
    given["streams"] = [None, {}, {"tap_stream_id": "other"}, *given["streams"]]
    run = run_tap(start_date="2026-11-20", catalog=copy.deepcopy(given))
    assert (run.error, run.ids) == (None, leads)
    assert own_catalog(given) == catalog()


def test_deselected_stream_is_a_choice(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A catalog that has the stream and deselects it asks for nothing, and gets that."""
    run = run_tap(catalog=catalog(metadata=[{"breadcrumb": [], "metadata": {"selected": False}}]))
    assert (run.error, sandbox.statistics.requests) == (None, 0)
