"""A full or read-only disk costs one token request per run, and no lead."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.auth import token_cache
from tests.client_credentials import as_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Clock, TapRunner

HOUR = 3600


def failing(number: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


#: The operations that a full or read-only disk refuses, in the order in which the cache makes them.
STEPS: dict[str, tuple[Any, str]] = {
    "making the folder": (Path, "mkdir"),
    "the lock": (token_cache, "try_lock"),
    "a new file": (tempfile, "mkstemp"),
    "writing": (json, "dump"),
    "renaming": (Path, "replace"),
}


@pytest.fixture
def run_with_credentials(run_tap: TapRunner, sandbox: Sandbox) -> TapRunner:
    run_tap.config = {**as_client(sandbox), "start_date": "2026-11-20"}
    return run_tap


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("step", STEPS)
def test_cache_on_a_bad_disk_costs_a_token_request(  # noqa: PLR0913, PLR0917  # fixtures
    run_with_credentials: TapRunner,
    sandbox: Sandbox,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    step: str,
    number: int,
) -> None:
    """If the disk refuses a step of the token cache, the run is complete, warns at once, and leaves no partial file."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
    owner, name = STEPS[step]
    monkeypatch.setattr(owner, name, failing(number))
    caplog.set_level("DEBUG")
    run = run_with_credentials()
    monkeypatch.undo()
    assert (run.error, len(run.ids)) == (None, 1)
    assert sandbox.statistics.token_requests == 1
    first, *more = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert os.strerror(number) in first
    assert len(more) <= (step == "making the folder")  # the token cannot be stored in it either
    assert sandbox.issued_tokens[0] not in caplog.text
    assert not list(tmp_path.rglob(".token-*"))


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_file_system_without_locks_stops_nothing(
    run_with_credentials: TapRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """On a file system without locks, such as some NFS, runs neither wait nor fail, and still share a token."""
    monkeypatch.setattr(fcntl, "flock", failing(number))
    for _ in range(2):
        run = run_with_credentials()
        assert (run.error, run.slept) == (None, [])
    assert sandbox.statistics.token_requests == 1


@pytest.mark.parametrize("place", ["/proc/nowhere", "/dev/null/nowhere", "a file"])
def test_unusable_cache_folder_stops_nothing(
    run_with_credentials: TapRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """A real file system without a usable folder stops nothing: two runs request two tokens."""
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / place))  # an absolute path replaces the folder before it
    for _ in range(2):
        assert run_with_credentials().error is None
    assert sandbox.statistics.token_requests == 2


def test_cached_token_on_a_read_only_disk_is_used(
    run_with_credentials: TapRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that was cached earlier is still used: a folder that cannot be locked can be read."""
    assert run_with_credentials().error is None
    monkeypatch.setattr(token_cache, "try_lock", failing(errno.EROFS))
    assert run_with_credentials().error is None
    assert sandbox.statistics.token_requests == 1
