"""The state of the tap with several accounts, and accounts that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_sandbox import Fault, FaultKind
from seeker_leads_singer.stdout import StdoutLostError
from tests.several_accounts import FIFTY, ISO_NOW, THREE, bookmarks, config, fill, read

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, TapRunner


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_next_run_continues_from_each_bookmark(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A later run emits the new leads of each account, with few requests and no new token."""
    fill(sandbox, 3)
    state = run_tap(**config(sandbox, 3)).state
    clock.now += 40_000
    new = sandbox.add_leads(ingestion_dates=[clock.now - 10], account="agency-2")
    sandbox.add_leads(ingestion_dates=[clock.now - 20_000], account="agency-1")
    sandbox.add_leads(ingestion_dates=[clock.now - 20_000], account="agency-3")
    sandbox.statistics.reset()
    run = run_tap(state=state, **config(sandbox, 3, lookback_seconds=0))
    assert read(run)["Agency 2"] == set(new)
    assert bookmarks(run.state) == dict.fromkeys(["Agency 1", "Agency 2", "Agency 3"], "2026-11-23T19:06:40Z")
    assert sandbox.statistics.token_requests == 0
    assert sandbox.statistics.requests <= 6  # one more finds out whether a page without a sign of another is the last


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_account_that_is_gone_keeps_its_state(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """An account that is no longer in the list is not read, and continues from its bookmark once it is back."""
    fill(sandbox, 3)
    state = run_tap(**config(sandbox, 3)).state
    run = run_tap(state=state, **config(sandbox, 2))
    assert run.state["bookmarks"]["leads"]["partitions"][2] == state["bookmarks"]["leads"]["partitions"][2]


@pytest.mark.parametrize("sandbox_options", [FIFTY], indirect=True)
def test_failing_accounts_end_alone(run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """If one account is refused, one always gets 500 and one is slow, two are named and all others are read to now."""
    leads = fill(sandbox, 50)
    sandbox.script(
        Fault(FaultKind.STATUS, path="/oauth/token", account="agency-7", status=403, body='{"error":"access_denied"}'),
        Fault(FaultKind.STATUS, account="agency-8"),
        Fault(FaultKind.SLOW, account="agency-9", delay_ms=300),
    )
    with caplog.at_level("INFO"):
        run = run_tap(**config(sandbox, 50, max_retries=3))
    failed = {"Agency 7", "Agency 8"}
    assert read(run) == {label: ids for label, ids in leads.items() if label not in failed}
    assert bookmarks(run.state) == {label: ISO_NOW for label in leads if label not in failed}
    assert str(run.error).startswith("2 of 50 accounts could not be read to the end. Agency ")
    assert "Agency 7: No token from `auth_url`: it answered 403 (access_denied)" in str(run.error)
    assert "Agency 8: GET /leads answered 500" in str(run.error)
    assert "agency-" not in caplog.text.replace("seeker", "")
    again = run_tap(state=run.state, **config(sandbox, 50, max_retries=0))
    assert str(again.error).startswith("2 of 50 accounts")
    sandbox.script()
    healed = run_tap(state=again.state, **config(sandbox, 50))
    assert healed.error is None
    assert {label: ids for label, ids in read(healed).items() if label in failed} == {
        label: leads[label] for label in failed
    }
    assert bookmarks(healed.state) == dict.fromkeys(leads, ISO_NOW)


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_account_that_fails_midway_keeps_what_was_finished(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """The bookmark of a failed account is the end of what was read before; the next run emits the rest."""
    leads = fill(sandbox, 3)
    sandbox.script(Fault(FaultKind.STATUS, account="agency-2", after=1))
    run = run_tap(**config(sandbox, 3, max_retries=0, max_concurrent_requests=1))
    value = bookmarks(run.state)["Agency 2"]
    assert value is not None
    assert "2026-11-01" < value < ISO_NOW
    sandbox.script()
    rest = run_tap(state=run.state, **config(sandbox, 3, lookback_seconds=0))
    assert read(run).get("Agency 2", set()) | read(rest)["Agency 2"] == leads["Agency 2"]


SINGLE = {"bookmarks": {"leads": {"replication_key": "ingestionDate", "replication_key_value": ISO_NOW}}}
MANY = {
    "bookmarks": {"leads": {"partitions": [{"context": {"account": "Agency 1"}, "replication_key_value": ISO_NOW}]}}
}


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
@pytest.mark.parametrize(("state", "count"), [(SINGLE, 3), (MANY, 0)], ids=["of one account", "of many"])
def test_state_of_the_other_form_is_refused(
    run_tap: TapRunner, sandbox: Sandbox, state: dict[str, Any], count: int
) -> None:
    """A state of the other form ends the run before any request, since it would change the key of a table."""
    given = config(sandbox, count) if count else {"start_date": "2026-11-01"}
    with pytest.raises(SettingsError, match=r"new state ID .* new schema"):
        run_tap(state=state, **given)
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
@pytest.mark.parametrize(
    ("partitions", "words"),
    [
        ({}, "must be a list"),
        ([{"replication_key_value": ISO_NOW}], r"has no `context`"),
        ([{"context": {"account": 1}}], r"has no `context`"),
        ([{"context": {"account": "a"}}, {"context": {"account": "a"}}], "'a' twice"),
        ([{"context": {"account": "a"}, "last_lead_at": ISO_NOW}], "not `replication_key_value`"),
        ([{"context": {"account": "Agency 2"}, "replication_key_value": "soon"}], "'Agency 2'.* is not an ISO 8601"),
    ],
)
def test_odd_state_of_many_accounts_is_refused(
    run_tap: TapRunner, sandbox: Sandbox, partitions: object, words: str
) -> None:
    """A malformed state never means "from the start"."""
    with pytest.raises(SettingsError, match=words):
        run_tap(state={"bookmarks": {"leads": {"partitions": partitions or {"0": {}}}}}, **config(sandbox, 3)).check()
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_state_is_written_once_a_second_for_all_accounts(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """For any number of accounts, at most one STATE is written per second, and one at the end."""
    fill(sandbox, 3, leads=300)
    run = run_tap(before=lambda stream: setattr(stream, "monotonic", lambda: 1.0), **config(sandbox, 3))
    assert len(run.states) == 2


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_signal_before_the_last_state_does_not_cut_it(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A signal that comes once all is read lets the last STATE be written, which may be longer than a pipe takes."""
    leads = fill(sandbox, 3)

    def signalled_at_the_end(stream: LeadsStream) -> None:
        finalize = stream.state_manager.finalize_state

        def finalize_state(state: dict[str, Any] | None = None) -> None:
            if stream.state_manager.finalize_state is finalize_state:
                stream.state_manager.finalize_state = finalize  # type: ignore[method-assign]
                stream.stop(15)
            finalize(state)

        stream.state_manager.finalize_state = finalize_state  # type: ignore[method-assign]

    run = run_tap(before=signalled_at_the_end, **config(sandbox, 3))
    assert run.error is None
    assert bookmarks(run.state) == dict.fromkeys(leads, ISO_NOW)


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_lost_output_ends_the_run_and_blames_no_account(
    run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """If a STATE cannot be written, the run ends at once: nothing may be written after it."""

    def fail() -> None:
        raise StdoutLostError

    with caplog.at_level("INFO"):
        run = run_tap(before=lambda stream: setattr(stream, "_write_state_message", fail), **config(sandbox, 3))
    assert isinstance(run.error, StdoutLostError)
    assert "3 accounts with" in caplog.text
    assert "none failed" in caplog.text


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
@pytest.mark.parametrize(
    "more",
    [{"flattening_enabled": True, "flattening_max_depth": 1}, {"stream_maps": {"leads": {"extra": None}}}],
    ids=["flattened", "mapped"],
)
def test_next_run_of_mapped_accounts_reads_each_lead_once(
    run_tap: TapRunner, sandbox: Sandbox, more: dict[str, Any]
) -> None:
    """With a map or flattening too, a run that continues reads all accounts once, not once for each bookmark."""
    leads = fill(sandbox, 3)
    given = config(sandbox, 3, refresh_days=0, lookback_seconds=86_400, **more)
    state = run_tap(**given).state
    sandbox.statistics.reset()
    run = run_tap(state=state, **given)
    assert run.error is None
    assert read(run) == leads
    assert sandbox.statistics.requests <= 6
