"""Servers that fail for a while, and servers that ask for a wait."""

from __future__ import annotations

import gc
import threading
import time
from collections import defaultdict
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.client_credentials import as_client
from tests.tap_runs import TapRunner

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock

DAY = 86_400
STEP = 7 * DAY - 1  # the tap's windows
OUTAGE_SECONDS = 20.0
TOKEN_PATH = "/oauth/token"
PATHS = (None, TOKEN_PATH)  # requests of the API, and requests for tokens


@pytest.mark.parametrize(
    "sandbox_options", [SandboxOptions(leads=1500, seed=seed, enforce_limit=False) for seed in range(3)], indirect=True
)
def test_faults_of_api_and_tokens_at_once(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """With 3 % each of seven faults for pages and tokens, and two revoked tokens, the run is complete."""
    kinds = [FaultKind.RESET, FaultKind.CUT_BODY, FaultKind.BAD_JSON, FaultKind.HTML_502]
    mixed = [
        *(Fault(FaultKind.STATUS, status=status, rate=0.03, path=path) for status in (500, 503, 429) for path in PATHS),
        *(Fault(kind, rate=0.03, path=path) for kind in kinds for path in PATHS),
    ]
    # Far apart, since a second refusal right after the renewal of a token rightly ends the run.
    revoked = [Fault(FaultKind.REVOKE_TOKEN, after=after, times=1) for after in (10, 190)]
    first_token = [Fault(kind, times=1, path=TOKEN_PATH) for kind in kinds[:2]]
    sandbox.script(*revoked, *first_token, *mixed)
    run = run_tap(start_date="2026-08-01", page_size=10, **as_client(sandbox))
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 1500
    assert run.bookmark == "2026-11-23T08:00:00Z"
    assert sandbox.statistics.token_requests >= 1 + len(first_token) + len(revoked)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # connections that broke with the server
def test_outage_of_20_seconds_costs_only_time(clock: Clock) -> None:
    """With the default settings, a server that is down for 20 s during a run causes no lost or duplicate lead."""
    options = SandboxOptions(leads=1500, enforce_limit=False)
    sandboxes = [Sandbox.start(options, clock=clock)]
    port = int(sandboxes[0].url.rpartition(":")[2])
    run_tap, turn = TapRunner(clock, sandboxes[0]), threading.Lock()
    waited: dict[int, float] = defaultdict(float)

    def sleep(seconds: float) -> None:
        with turn:
            # The readers wait independently and at the same time.
            waited[threading.get_ident()] += seconds
            if waited[threading.get_ident()] >= OUTAGE_SECONDS and len(sandboxes) == 1:
                sandboxes.append(Sandbox.start(options, clock=clock, port=port))

    def die_in_the_middle(stream: LeadsStream) -> None:
        stream.sleep = sleep
        write_records = stream._writer.write_records
        pages = iter(range(10**6))

        def write(*args: Any) -> None:
            write_records(*args)
            if next(pages) == 5:
                sandboxes[0].stop()

        stream._writer.write_records = write  # type: ignore[method-assign,assignment]

    try:
        run = run_tap(start_date="2026-08-01", page_size=10, max_retries=7, before=die_in_the_middle)
    finally:
        for sandbox in sandboxes:
            sandbox.stop()
    gc.collect()  # within this test, so that the warnings belong to it
    assert len(sandboxes) == 2
    assert max(waited.values()) >= OUTAGE_SECONDS
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 1500


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_may_be_a_date(run_tap: TapRunner, sandbox: Sandbox, status: int) -> None:
    """A `Retry-After` with a date is respected like one with seconds."""
    until = formatdate(time.time() + 40, usegmt=True)
    sandbox.script(Fault(FaultKind.STATUS, status=status, retry_after=until, times=1))
    run = run_tap(start_date="2026-11-20")
    assert run.error is None
    (waited,) = run.slept
    assert 30 < waited <= 40


def in_an_hour() -> str:
    return formatdate(time.time() + 3600, usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("retry_after", [lambda: 3600, in_an_hour], ids=["seconds", "date"])
def test_tap_run_ends_at_a_retry_after_of_an_hour(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, status: int, retry_after: Callable[[], int | str]
) -> None:
    """With a `Retry-After` of an hour, the run ends at once, keeps what is finished, and says when to run again."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - day * DAY for day in range(1, 30)])
    sandbox.script(Fault(FaultKind.STATUS, status=status, retry_after=retry_after(), after=4))
    start = clock.now - 30 * DAY
    ended = run_tap(start_date=to_rfc3339(start), max_concurrent_requests=1)
    assert isinstance(ended.error, FatalError)
    assert "run again after that" in str(ended.error)
    assert (ended.slept, sandbox.statistics.requests) == ([], 5)  # for both windows, one request checks the end
    assert ended.bookmark == to_rfc3339(start + 2 * STEP)
    sandbox.script()
    clock.now += 3600
    resumed = run_tap(start_date=to_rfc3339(start), state=ended.state)
    assert set(ended.ids) | set(resumed.ids) == set(leads)
    assert len(resumed.ids) < len(leads)


def test_retry_after_of_an_hour_for_a_token_ends_the_run(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """The same holds for the token endpoint: no request of the API, no wait, no bookmark."""
    sandbox.script(Fault(FaultKind.STATUS, status=429, retry_after=3600, path=TOKEN_PATH))
    run = run_tap(**as_client(sandbox))
    assert "run again after that" in str(run.error)
    assert (run.slept, run.bookmark) == ([], None)
    # One request, even though ten readers need a token: the first answer applies to all.
    assert (sandbox.statistics.requests, sandbox.statistics.token_requests) == (0, 1)


def test_runs_that_keep_failing_finish_eventually(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Runs that keep failing in the middle of windows finish eventually, each from the state of the one before."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - 100 - index * 1500 for index in range(1500)])
    state, seen, bookmarks = None, set[str](), [""]
    for _ in range(400):
        sandbox.script(Fault(FaultKind.STATUS, status=500, after=7))
        run = run_tap(state=state, start_date="2026-10-20", window_days=2, page_size=50, max_retries=1)
        seen |= set(run.ids)
        assert len(run.ids) == len(set(run.ids))
        state = run.state if run.states else state
        bookmarks.append(run.bookmark or bookmarks[-1])
        assert bookmarks[-1] >= bookmarks[-2]
        unread = [record for record in sandbox.store.all() if record["metadata"]["leadId"] not in seen]
        first_unread = min((lead["metadata"]["ingestionDate"] for lead in unread), default=clock.now)
        assert bookmarks[-1] <= to_rfc3339(first_unread)
        if run.error is None:
            break
    assert run.error is None
    assert seen == set(leads)
