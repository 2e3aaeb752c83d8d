"""Fixtures of all tests: a sandbox with its own clock, the tap run in this process, PostgreSQL, Meltano."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

import hypothesis
import psycopg
import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.embedded_postgres import embedded_postgres
from tests.pages import PROJECT
from tests.tap_runs import Clock, TapRunner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# A deadline for each example would fail on a busy machine.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")


@pytest.fixture
def default_signals() -> Iterator[None]:
    """Signals work as in a terminal, although `nohup` or a shell's `&` lets programs ignore some of them."""
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, signal.SIG_DFL),
        signal.SIGHUP: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of the wheel in one worker, which builds it once, and begin with the kinds that take longest.

    Otherwise one of those that begins last keeps a single worker busy while the others have ended.
    """
    for item in items:
        if "wheel" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("wheel"))
    kinds = {kind: rank for rank, kind in enumerate(("packaging", "acceptance"))}
    items.sort(key=lambda item: kinds.get(item.path.parent.name, len(kinds)))


def pytest_collection_finish() -> None:
    """Leave the thousands of tests out of garbage collection, which otherwise looks through all of them each time."""
    gc.freeze()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests' tokens out of the user's cache, and the user's tokens out of the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox_options(request: pytest.FixtureRequest) -> SandboxOptions:
    """Override with `@pytest.mark.parametrize("sandbox_options", [...], indirect=True)`."""
    options: SandboxOptions = getattr(request, "param", SandboxOptions(enforce_limit=False))
    return options


@pytest.fixture
def sandbox(sandbox_options: SandboxOptions, clock: Clock) -> Iterator[Sandbox]:
    with Sandbox.start(sandbox_options, clock=clock) as running:
        yield running


@pytest.fixture
def run_tap(sandbox: Sandbox, clock: Clock) -> TapRunner:
    return TapRunner(clock, sandbox)


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A PostgreSQL for this session only."""
    with embedded_postgres() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection to an empty database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS seeker_leads, seeker_leads_local CASCADE")
        yield connection


@pytest.fixture
def meltano_plugins() -> None:
    """Skip tests that need this repository's Meltano project if the wheel is tested."""
    if "SEEKER_LEADS_WHEEL" in os.environ:
        pytest.skip("the plugins of this repository's Meltano project are the source tree")
    assert (PROJECT / ".meltano" / ".installed").exists(), "Meltano's plugins are missing: run `make test`"
