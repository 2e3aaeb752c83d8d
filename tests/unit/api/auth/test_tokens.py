from __future__ import annotations

import contextlib
import json
import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path  # noqa: TC003  # pytest reads annotations
from typing import Any

import pytest

from seeker_leads_api.auth.token_cache import FileTokenCache, Token, cache_path
from seeker_leads_api.auth.tokens import ClientCredentialsToken, GivenToken
from seeker_leads_api.credentials import ClientCredentials
from seeker_leads_api.errors import FatalError

CREDENTIALS = ClientCredentials("me", "secret", "https://api", "https://auth/token", None)
DAY_SECONDS = 86_400


class Issuer:
    """An auth host that numbers its tokens."""

    def __init__(self, expires_in: object = DAY_SECONDS) -> None:
        self.requests = 0
        self.expires_in = expires_in

    def __call__(self) -> dict[str, Any]:
        self.requests += 1
        return {"access_token": f"token-{self.requests}", "expires_in": self.expires_in}


def file_cache(folder: Path, reports: list[str] | None = None) -> FileTokenCache:
    return FileTokenCache(cache_path(folder, CREDENTIALS), report=(reports if reports is not None else []).append)


def source(issuer: Issuer, cache: FileTokenCache | None = None, now: float = 0.0) -> ClientCredentialsToken:
    return ClientCredentialsToken(CREDENTIALS, issuer, cache, clock=lambda: now)


def test_one_token_serves_every_run_of_a_day(tmp_path: Path) -> None:
    """A cached token is reused by every process for its whole lifetime: one token request in 24 hours."""
    issuer = Issuer()
    tokens = {source(issuer, file_cache(tmp_path), now=hour * 3600.0).token() for hour in range(24)}
    assert tokens == {"token-1"}
    assert issuer.requests == 1


def test_token_is_replaced_shortly_before_its_end(tmp_path: Path) -> None:
    """A token that is about to expire is no longer sent, so that no request uses an expired one."""
    issuer = Issuer()
    assert source(issuer, file_cache(tmp_path)).token() == "token-1"
    assert source(issuer, file_cache(tmp_path), now=DAY_SECONDS - 60.0).token() == "token-2"


def test_long_run_replaces_its_token_too() -> None:
    """A run that outlives its token gets the next one without a refusal."""
    now = [0.0]
    issuer = Issuer()
    tokens = ClientCredentialsToken(CREDENTIALS, issuer, None, clock=lambda: now[0])
    assert tokens.token() == tokens.token() == "token-1"
    now[0] = DAY_SECONDS
    assert tokens.token() == "token-2"


@pytest.mark.parametrize(
    ("expires_in", "days"),
    [
        *((odd, 1) for odd in (None, "soon", -1, 0, float("nan"), True)),
        *((written, 1) for written in ("", "-5", "0", "1 day", "\u0661")),
        *((written, 30) for written in (str(30 * DAY_SECONDS), f"0{30 * DAY_SECONDS}")),
        *((endless, 365) for endless in (float("inf"), 1e300, 10**400, "9" * 5000)),
    ],
)
def test_unusable_lifetime_counts_as_a_day(expires_in: object, days: int) -> None:
    """An answer without a usable `expires_in` means the vendor's 24 hours; no token is kept for more than a year.

    A string of digits is a number: otherwise, a token with a lifetime of an hour would be kept for a day.
    """
    issuer, now = Issuer(expires_in), [0.0]
    tokens = ClientCredentialsToken(CREDENTIALS, issuer, None, clock=lambda: now[0])
    assert tokens.token() == "token-1"
    now[0] = days * DAY_SECONDS - 301.0
    assert tokens.token() == "token-1"
    now[0] = days * DAY_SECONDS
    assert tokens.token() == "token-2"


def test_refused_token_is_renewed_once_for_all_threads_and_processes(tmp_path: Path) -> None:
    """Ten threads and a second process that meet one refusal cause one token request, not eleven."""
    issuer = Issuer()
    tokens, other_process = source(issuer, file_cache(tmp_path)), source(issuer, file_cache(tmp_path))
    assert tokens.token() == other_process.token() == "token-1"
    threads = [threading.Thread(target=tokens.renew, args=("token-1",)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    other_process.renew("token-1")
    assert tokens.token() == other_process.token() == "token-2"
    assert issuer.requests == 2


def test_two_processes_without_a_token_request_one(tmp_path: Path) -> None:
    """A process that needs a token while another requests one waits and uses that one."""
    started, go_on = threading.Event(), threading.Event()
    issuer = Issuer()

    def slow_request() -> dict[str, Any]:
        started.set()
        assert go_on.wait(10)
        return issuer()

    first = ClientCredentialsToken(CREDENTIALS, slow_request, file_cache(tmp_path), clock=lambda: 0.0)
    second = source(issuer, file_cache(tmp_path))
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(first.token()))]
    threads[0].start()
    assert started.wait(10)
    threads.append(threading.Thread(target=lambda: got.append(second.token())))
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert got == ["token-1", "token-1"]
    assert issuer.requests == 1


class Stop(Exception):  # noqa: N818  # an order, not an error
    pass


def test_stop_ends_the_wait_for_another_process(tmp_path: Path) -> None:
    """A stopped run does not wait until another process has its token, and does not request one itself."""

    def stopped(_: float) -> None:
        raise Stop

    issuer = Issuer()
    cache = FileTokenCache(cache_path(tmp_path, CREDENTIALS), report=pytest.fail, sleep=stopped)
    with file_cache(tmp_path).exclusive(), pytest.raises(Stop):
        source(issuer, cache).token()
    assert issuer.requests == 0
    assert source(issuer, cache).token() == "token-1", "nothing of the wait is left behind"


def test_wait_for_a_locked_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After longer than any renewal takes, the run ends and says what to do, instead of waiting forever."""
    monkeypatch.setattr("seeker_leads_api.auth.token_cache.LOCK_TIMEOUT_SECONDS", 0)
    with (
        file_cache(tmp_path).exclusive(),
        pytest.raises(FatalError, match="Another process has locked the token cache"),
    ):
        source(Issuer(), file_cache(tmp_path)).token()


def test_stopped_token_request_stops_waiting_threads() -> None:
    """An error that ends one thread's token request ends the waiting of all threads: none requests a token in turn."""
    asked = []

    def stopped() -> dict[str, Any]:
        asked.append(1)
        raise Stop

    tokens = ClientCredentialsToken(CREDENTIALS, stopped, None)
    for _ in range(3):
        with pytest.raises(Stop):
            tokens.token()
    assert len(asked) == 1


def test_kept_token_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """No other user can read the cache's file and folder, whatever the umask."""
    before = os.umask(0)
    try:
        folder = tmp_path / "cache"
        source(Issuer(), file_cache(folder)).token()
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert "secret" not in "".join(file.read_text() for file in folder.iterdir())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 99, "access_token": "x", "renew_at": 1e12}', "{}"])
def test_broken_cache_file_is_replaced(tmp_path: Path, content: str) -> None:
    """A file with foreign or incomplete content costs one token request and causes no error."""
    path = cache_path(tmp_path, CREDENTIALS)
    path.write_text(content)
    assert source(Issuer(), file_cache(tmp_path)).token() == "token-1"
    assert json.loads(path.read_text())["access_token"] == "token-1"


def test_unwritable_cache_does_not_end_the_run(tmp_path: Path) -> None:
    """Without a usable folder, the run continues with its own token and reports it."""
    (tmp_path / "file").write_text("")
    reports: list[str] = []
    assert source(Issuer(), file_cache(tmp_path / "file" / "cache", reports)).token() == "token-1"
    assert reports
    assert "token-1" not in "".join(reports)


def test_each_client_audience_and_intermediary_has_its_own_token(tmp_path: Path) -> None:
    """Two agencies or environments never share a token."""
    others = [
        ClientCredentials("you", "secret", "https://api", "https://auth/token", None),
        ClientCredentials("me", "secret", "https://sandbox", "https://auth/token", None),
        ClientCredentials("me", "secret", "https://api", "https://auth2/token", None),
        ClientCredentials("me", "secret", "https://api", "https://auth/token", "agency"),
    ]
    assert len({cache_path(tmp_path, credentials) for credentials in [CREDENTIALS, *others]}) == 5


def test_given_token_cannot_be_renewed() -> None:
    """A refused `auth_token` ends the run with the name of the setting, without the token."""
    tokens = GivenToken("given")
    assert tokens.token() == "given"
    with pytest.raises(FatalError, match="`auth_token`") as caught:
        tokens.renew("given")
    assert "given" not in str(caught.value)


def test_token_is_not_in_a_repr() -> None:
    """The repr of a token does not show it."""
    assert "abc" not in repr(Token("abc", 1.0))


@pytest.mark.parametrize("ending", ["", ".lock"])
def test_pipe_in_place_of_a_file_of_the_cache_stops_nothing(tmp_path: Path, ending: str) -> None:
    """A named pipe that nobody writes to is not waited for, neither as the cache nor as its lock."""
    issuer = Issuer()
    path = cache_path(tmp_path, CREDENTIALS)
    pipe = path.with_name(f"{path.name}{ending}")
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        token = pool.submit(source(issuer, file_cache(tmp_path)).token)
        try:
            assert token.result(timeout=10) == "token-1"
        finally:
            with contextlib.suppress(OSError):
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))  # ends the wait of a version that waits
    assert source(issuer, file_cache(tmp_path)).token() == "token-1"
