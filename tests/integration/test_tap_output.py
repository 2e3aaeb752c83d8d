"""The tap's output: records, selection, stream maps, flattening, and no personal data in any log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import jsonschema
import pytest
from singer_sdk.exceptions import AbortedSyncPausedException

from seeker_leads_api.errors import SettingsError
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tap_seeker_leads.tap import TapSeekerLeads
from tests.client_credentials import as_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, Collector, TapRunner

HOUR = 3600
FILLED = SandboxOptions(leads=400, days=20, enforce_limit=False)


def catalog(**selected: bool) -> dict[str, Any]:
    """Return the tap's own catalog with some columns selected or deselected."""
    result = TapSeekerLeads(config={"auth_token": "x"}).catalog_dict
    for entry in result["streams"][0]["metadata"]:
        breadcrumb = entry["breadcrumb"]
        entry["metadata"]["selected"] = selected.get(breadcrumb[1], True) if len(breadcrumb) == 2 else True
    return result


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_records_fit_the_schema_and_hold_the_whole_lead(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """Each record matches the SCHEMA before it, and has every value of the API's lead."""
    run = run_tap(start_date="2026-11-01")
    validator = jsonschema.Draft202012Validator(run.schema)
    assert len(run.records) == 400
    for record in run.records:
        validator.validate(record)
        lead = sandbox.store.get(record["leadId"])
        assert lead is not None
        assert record["ttl"].endswith("Z")
        for part in set(lead) - {"metadata"}:
            assert record[part] == lead[part]
    assert {record["leadCategory"] for record in run.records} == {
        "CLASSIFIED",
        "AGENCY",
        "PROPERTY_SEARCH",
        "CALL_TRACKING",
    }


def test_unknown_fields_survive_the_sdk(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Fields that the API adds later are kept, at every level."""
    lead = {
        "metadata": {
            "leadId": "new",
            "ingestionDate": clock.now - HOUR,
            "portal": "NEW-ITA",
            "TTL": clock.now,
            "leadCategory": "VISIT",
            "score": 0.5,
        },
        "contactRequest": {"lastName": "Ö", "nickname": "Z", "phoneNumbers": [{"number": "1", "country": "FR"}]},
        "visit": {"slots": [{"at": "10:00"}]},
    }
    sandbox.add_leads(leads=[lead])
    (record,) = run_tap(start_date="2026-11-20").records
    assert record["contactRequest"] == lead["contactRequest"]
    assert record["extra"] == {"visit": lead["visit"], "metadata": {"score": 0.5}}
    assert (record["portal"], record["leadCategory"]) == ("NEW-ITA", "VISIT")


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_deselected_column_is_left_out(run_tap: TapRunner) -> None:
    """A deselected column is neither in the schema nor in the records."""
    run = run_tap(start_date="2026-11-01", catalog=catalog(contactRequest=False, callDetails=False))
    assert run.records
    assert all("contactRequest" not in record and "callDetails" not in record for record in run.records)


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
@pytest.mark.parametrize("config", [{}, {"flattening_enabled": True, "flattening_max_depth": 3}])
def test_erasure_has_its_own_column(run_tap: TapRunner, sandbox: Sandbox, config: dict[str, Any]) -> None:
    """`isErased` is emitted in every mode of output, also without the contact, and can be deselected on its own."""
    erased = {*sandbox.erase(7)} | {
        lead["metadata"]["leadId"] for lead in sandbox.store.all() if lead["contactRequest"]["email"] is None
    }
    for selected in ({}, {"contactRequest": False, "callDetails": False}):
        run = run_tap(start_date="2026-11-01", catalog=catalog(**selected), **config)
        assert {record["leadId"] for record in run.records if record["isErased"]} == erased
        assert "isErased" in run.schema["properties"]
    run = run_tap(start_date="2026-11-01", catalog=catalog(isErased=False), **config)
    assert len(run.records) == 400
    assert all("isErased" not in record for record in run.records)
    assert "isErased" not in run.schema["properties"]


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_column_that_the_catalog_does_not_know_is_left_out(run_tap: TapRunner) -> None:
    """A catalog of an earlier version gets exactly the columns of its own schema."""
    older = catalog()
    del older["streams"][0]["schema"]["properties"]["extra"]
    older["streams"][0]["metadata"] = [
        entry for entry in older["streams"][0]["metadata"] if "extra" not in entry["breadcrumb"]
    ]
    run = run_tap(start_date="2026-11-01", catalog=older)
    assert len(run.records) == 400
    assert all("extra" not in record for record in run.records)


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_stream_maps_and_flattening_work(run_tap: TapRunner) -> None:
    """The SDK's inline maps and flattening work as with any tap."""
    run = run_tap(
        start_date="2026-11-01",
        stream_maps={"leads": {"email_hash": "md5(contactRequest['email'] or '')", "contactRequest": None}},
        stream_map_config={},
        flattening_enabled=True,
        flattening_max_depth=1,
    )
    assert run.error is None
    assert len(run.records) == 400
    assert all(len(record["email_hash"]) == 32 and "contactRequest" not in record for record in run.records)
    assert "property__classifiedId" in run.schema["properties"]


def test_invalid_stream_map_is_named(run_tap: TapRunner) -> None:
    """An invalid expression is an error that names the setting, before any request."""
    with pytest.raises(SettingsError, match="`stream_maps` does not fit the stream"):
        run_tap(stream_maps={"leads": {"x": "name("}}, stream_map_config={})
    assert run_tap.sandbox.statistics.requests == 0


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
@pytest.mark.parametrize(
    ("expression", "kind"), [("1/0", "ZeroDivisionError"), ("contactRequest['nothing']", "KeyError")]
)
def test_stream_map_that_fails_for_a_lead_is_named(run_tap: TapRunner, expression: str, kind: str) -> None:
    """An expression that fails for a lead ends the run with an error that names the setting, and a correct STATE."""
    expression = f"{expression} if ingestionDate > '2026-11-15' else 1"
    maps: dict[str, Any] = {"stream_maps": {"leads": {"x": expression}}, "stream_map_config": {}}
    run = run_tap(**maps, start_date="2026-11-01", max_concurrent_requests=1)
    assert isinstance(run.error, SettingsError)
    assert f"`stream_maps` cannot be evaluated for one of the leads ({kind})" in str(run.error)
    rest = run_tap(state=run.state, start_date="2026-11-01", lookback_seconds=0)
    assert len(run.records) > 0
    assert len(rest.records) < 400
    assert len({*run.ids, *rest.ids}) == 400


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_stream_map_that_cannot_be_flattened_is_named(run_tap: TapRunner) -> None:
    """A map that makes an object without columns ends the run with the column's name, not with extra columns."""
    maps: dict[str, Any] = {
        "stream_maps": {"leads": {"contactRequest": "{'who': leadId}"}},
        "stream_map_config": {},
        "flattening_enabled": True,
        "flattening_max_depth": 1,
    }
    run = run_tap(**maps, start_date="2026-11-01")
    assert isinstance(run.error, SettingsError)
    assert "`stream_maps`: `contactRequest` is an object with fields that its schema does not have" in str(run.error)
    assert run.records == []


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
@pytest.mark.parametrize("stream_maps", [{}, {"leads": {"new": "1"}}], ids=["as is", "mapped"])
def test_records_are_counted(run_tap: TapRunner, caplog: pytest.LogCaptureFixture, stream_maps: Any) -> None:
    """The SDK's metric counts the records, and every record says when it was extracted."""
    caplog.set_level(logging.INFO)
    run = run_tap(start_date="2026-11-01", stream_maps=stream_maps, stream_map_config={})
    assert '"metric":"record_count","value":400' in caplog.text
    assert all("time_extracted" in message for message in run.messages if message["type"] == "RECORD")


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_connection_test_ends_after_a_record(run_tap: TapRunner) -> None:
    """The SDK's connection test stops after one record, as with any tap."""
    streams = []

    def limit(stream: LeadsStream) -> None:
        stream.ABORT_AT_RECORD_COUNT = 1
        streams.append(stream)

    with pytest.raises(AbortedSyncPausedException):
        run_tap(start_date="2026-11-01", before=limit)
    messages = cast("Collector", streams[0]._writer).messages
    assert [message["type"] for message in messages].count("RECORD") == 1


def test_batch_files_are_refused(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """Batch files are refused, since others on the machine could read their personal data."""
    with pytest.raises(Exception, match="`batch_config` is not supported"):
        run_tap(batch_config={"encoding": {"format": "jsonl"}, "storage": {"root": "file:///nowhere"}})
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize(
    "sandbox_options",
    [SandboxOptions(leads=300, days=10, enforce_limit=False, seed=7)],
    indirect=True,
)
def test_no_personal_data_and_no_secret_in_any_log(
    run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """No log at DEBUG and no error of any kind has an e-mail, phone, name, message or token."""
    caplog.set_level(logging.DEBUG)
    errors = []
    for fault in (
        Fault(FaultKind.STATUS, status=503, times=2),
        Fault(FaultKind.CUT_BODY, times=2),
        Fault(FaultKind.BAD_JSON, times=2),
        Fault(FaultKind.RESET, times=2),
        Fault(FaultKind.BAD_JSON),
        Fault(FaultKind.STATUS, status=400),
        Fault(FaultKind.MISSING_SCOPE),
    ):
        sandbox.script(fault)
        run = run_tap(start_date="2026-11-01", **as_client(sandbox), max_retries=3)
        errors.append(repr(run.error))
    shown = caplog.text + "".join(errors)
    assert len(shown) > 5000
    private = {value for lead in sandbox.store.all() for value in personal(lead)}
    assert len(private) > 500
    assert [value for value in {*private, *sandbox.issued_tokens} if value in shown] == []


def personal(lead: dict[str, Any]) -> Iterator[str]:
    """Yield every personal value of a lead that is long enough to be distinct from other text."""
    contact = lead["contactRequest"]
    values = [contact[name] for name in ("firstName", "lastName", "email", "message") if contact.get(name)]
    values += [phone["number"] for phone in contact["phoneNumbers"]]
    values += [(lead.get("callDetails") or {}).get("seekerPhoneNumber")]
    yield from (value for value in values if value and len(value) > 4)


@pytest.mark.parametrize("sandbox_options", [FILLED], indirect=True)
def test_run_ends_with_one_summary_line(run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The last log line says what was read, with how many requests, and up to which instant."""
    caplog.set_level(logging.INFO)
    run = run_tap(start_date="2026-11-01")
    (output,) = [text for record in caplog.records if "everything up to" in (text := record.getMessage())]
    assert output.startswith(f"Read 400 leads in 4 windows with {sandbox.statistics.requests} requests in ")
    assert output.endswith(f"; everything up to {run.bookmark} is read")
