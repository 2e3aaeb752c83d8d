"""Records that are not meant to become leads: none is sent or kept, and the report counts them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.ledger_tools import rows
from tests.singer_input import SCHEMA, lead, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Clock, TapRunner
    from tests.target_runs import Sent, TargetRunner

AT = "2026-11-23T08:00:00Z"
DEFAULTS = {**{name: value for name, value in lead(9).items() if name != "id"}, "submittedDate": "now"}
DEFAULTS.pop("created_at")


def ledger_rows(run_target: TargetRunner) -> list[Any]:
    return rows(f"sqlite:///{run_target.ledger_path}", "status")


def assert_left_nothing(run: Sent, run_target: TargetRunner, sandbox: Sandbox) -> None:
    assert run.error is None
    assert run.rejects == []
    assert sandbox.created == []
    if run_target.ledger_path.exists():
        assert ledger_rows(run_target) == []


@pytest.mark.parametrize("is_dry", [False, True])
@pytest.mark.parametrize(
    ("rest", "config"),
    [
        ({"_sdc_deleted_at": AT}, {}),
        ({"_sdc_deleted_at": AT}, {"stream_maps": {"leads": {"gender": "1 / 0"}}}),
        ({"deleted_on": AT}, {"deleted_when": ["status=x", "deleted_on"]}),
        ({"active": False}, {"deleted_when": "active=false"}),
    ],
)
def test_deleted_row_is_not_sent(
    run_target: TargetRunner, sandbox: Sandbox, rest: dict[str, Any], config: dict[str, Any], *, is_dry: bool
) -> None:
    """A row that the source deleted, whole or with only its key, becomes neither a lead nor a dead letter."""
    tombstone = {"type": "RECORD", "stream": "leads", "record": {"id": 2, **rest}}
    messages = [SCHEMA, record(1, **rest), tombstone, state(1)]
    run = run_target(messages, defaults=DEFAULTS, dry_run=is_dry, **config)
    assert_left_nothing(run, run_target, sandbox)
    assert "2 skipped as deleted by the source" in run.summary
    assert run.states == ([] if is_dry else [1])


def test_key_alone_does_not_become_a_lead_through_defaults(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A deleted row without any mark does not become a lead that consists of `defaults`."""
    tombstone = {"type": "RECORD", "stream": "leads", "record": {"id": 2, "_sdc_lsn": 7, "email": None}}
    run = run_target([SCHEMA, tombstone, state(1)], defaults=DEFAULTS)
    assert sandbox.created == []
    assert "holds only its key" in run.rejects[0]["reasons"][0]["rule"]


def test_mark_that_no_record_has_is_named(run_target: TargetRunner) -> None:
    """A column of `deleted_when` that no record has is probably misspelled, and deleted rows would be sent."""
    run = run_target([SCHEMA, record(1), record(2, gone=0)], deleted_when=["gone", "actve=false"])
    assert [line for line in run.log if "no record" in line] == [
        "`deleted_when` names `actve`, but no record of this run has this column"
    ]
    assert not [line for line in run_target([SCHEMA], deleted_when="x").log if "no record" in line]


@pytest.mark.parametrize("value", [[""], ["=x"], ["a="], [1], {"a": 1}, 7])
def test_wrong_mark_is_named(run_target: TargetRunner, value: object) -> None:
    """A `deleted_when` that does not consist of marks ends the run before anything is sent."""
    with pytest.raises(Exception, match="deleted_when"):
        run_target([SCHEMA], deleted_when=value)


def test_loop_of_tap_and_target_ends(
    run_target: TargetRunner, run_tap: TapRunner, sandbox: Sandbox, clock: Clock
) -> None:
    """What the target created is not sent again when the tap reads it back; other leads of the tap are sent."""
    start = clock.now = int(time.time())  # the clock of the ledger
    sandbox.add_leads(ingestion_dates=[start - 7200, start - 7000])
    read: list[int] = []
    for number in range(4):
        clock.now = start + 3600 * number
        tapped = run_tap(start_date="2020-01-01").messages
        read.append(len(tapped))
        run = run_target(tapped, defaults=DEFAULTS)
        assert run.error is None
    assert len(sandbox.created) == 2
    assert "2 skipped as leads sent from here" in run.summary
    assert "2 skipped as delivered before" in run.summary
    assert read[1] > read[0], "they do come back"
    dry = run_target(tapped, defaults=DEFAULTS, dry_run=True)
    assert "2 skipped as leads sent from here" in dry.summary


def test_same_words_from_elsewhere_are_sent(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Only a record in the tap's form that was ingested after our delivery is one of our own leads."""
    words = {name: value for name, value in lead(1).items() if name != "id"}
    run_target([SCHEMA, record(1)])
    before = {"leadId": "a", "ingestionDate": "2020-01-01T00:00:00Z"}
    after = {"leadId": "b", "ingestionDate": "2099-01-01T00:00:00Z"}
    shapes: list[dict[str, Any]] = [{"id": 2}, {"id": 3, **before}, {"id": 4, "leadId": "c"}, {"id": 5, **after}]
    run = run_target([SCHEMA, *({"type": "RECORD", "stream": "leads", "record": {**words, **s}} for s in shapes)])
    assert run.summary.startswith("3 created")
    assert "1 skipped as leads sent from here" in run.summary
    assert len(sandbox.created) == 4


@pytest.mark.parametrize("is_dry", [False, True])
def test_erased_lead_is_not_sent(run_target: TargetRunner, sandbox: Sandbox, *, is_dry: bool) -> None:
    """A lead of the tap whose person was erased becomes neither a lead nor a dead letter."""
    erased = {"leadId": "a", "ingestionDate": AT, "isErased": True, "contactRequest": {"email": None}}
    run = run_target([SCHEMA, {"type": "RECORD", "stream": "leads", "record": erased}, state(1)], dry_run=is_dry)
    assert_left_nothing(run, run_target, sandbox)
    assert "1 skipped as erased" in run.summary


def test_test_record_of_meltano_leaves_nothing(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`meltano config test` sends a made-up record: the target reads it, and leaves no lead, letter or row."""
    meltano = pytest.importorskip(
        "meltano.core.plugin_test_service", reason="Meltano is not installed beside the wheel"
    )
    invoker = type("Invoker", (), {"capabilities": ["activate-version"]})()
    messages = meltano.LoaderTestService(invoker)._generate_test_messages("meltano_test_stream")
    assert [json.loads(message)["type"] for message in messages] == ["SCHEMA", "RECORD", "STATE", "ACTIVATE_VERSION"]
    run = run_target(messages, defaults=DEFAULTS)
    assert_left_nothing(run, run_target, sandbox)
    assert len(run.states) == 1
    assert "1 skipped as a test record of Meltano" in run.summary
    told = [entry.getMessage().lower() for entry in run_target.caplog.records if entry.levelname != "DEBUG"]
    assert not [line for line in told if "error" in line or "exception" in line], "Meltano takes these for a failure"
