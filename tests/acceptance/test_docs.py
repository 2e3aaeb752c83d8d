"""The commands of the README and of `docs/`, run as a reader would run them."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import stat
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import jinja2
import psycopg
import pytest
import yaml

from seeker_leads_sandbox import Sandbox, SandboxOptions
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Claim, Settlement, Status, UnknownOutcome
from tests.ledger_tools import execute, rows_in_utc
from tests.pages import PAGES, PROJECT, Block, blocks_of, every_block
from tests.user_shells import shell, shell_in_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: The sandbox's address on the pages; the tests replace it with their own.
WRITTEN_URL = "http://127.0.0.1:8000"
RUNNABLE = {"sh": ["bash", "-euo", "pipefail", "-c"], "python": ["python", "-c"]}
TOPICS = ("meltano", "ledger", "ledger move", "leads", "retention", "serve", "new project")
MARKERS = {"", "run", "shows", *(f"run: {topic}" for topic in TOPICS)}


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox for this page, with some leads of the last days."""
    with Sandbox.start(SandboxOptions(leads=120, days=5, enforce_limit=False)) as sandbox:
        yield sandbox


def has_work(page: str) -> bool:
    return any(block.marker == "run" for block in blocks_of(page))


def pattern(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))


def assert_shows(block: Block, output: str) -> None:
    """Assert that the block's lines are lines of the output, in this order."""
    rest = output
    for line in block.text.splitlines():
        found = re.search(rf"^{pattern(line)}$", rest, flags=re.MULTILINE)
        assert found, f"{block.place}: {line!r} is not in\n{output}"
        rest = rest[found.end() :]


def run(block: Block, text: str, folder: Path, environment: dict[str, str], errors: int = subprocess.PIPE) -> str:
    ended = subprocess.run(
        [*RUNNABLE[block.language], text],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, f"{block.place} ended with {ended.returncode}\n{ended.stdout}{ended.stderr or ''}"
    return ended.stdout


def test_markers_are_known() -> None:
    """Each comment above a block is one that these tests use, or says why the block is not run."""
    for page in PAGES:
        for block in blocks_of(page):
            is_file = re.fullmatch(r"file: [\w.]+", block.marker)
            is_excuse = re.fullmatch(r"run: skip, .+", block.marker)
            assert is_file or is_excuse or block.marker in MARKERS, f"{block.place}: {block.marker}"
            assert block.marker or block.language != "sh", f"{block.place} is neither run nor excused"


@pytest.mark.parametrize("page", PAGES)
def test_shell_can_read_every_command(page: str) -> None:
    """Blocks that are not run have valid shell syntax too."""
    for block in blocks_of(page):
        if block.language == "sh":
            subprocess.run([RUNNABLE["sh"][0], "-n", "-c", block.text], check=True, timeout=10)


@pytest.mark.parametrize("page", [page for page in PAGES if has_work(page)])
def test_examples_of_the_page_work(page: str, account: Sandbox, tmp_path: Path) -> None:
    """The page's files and commands, in order in an empty folder, do and print what the page says."""
    folder = tmp_path / "folder"
    folder.mkdir()
    output = None
    for block in blocks_of(page):
        text = block.text.replace(WRITTEN_URL, account.url)
        if block.marker.startswith("file: "):
            (folder / block.marker.removeprefix("file: ")).write_text(text, encoding="utf-8")
        elif block.marker == "run":
            output = run(block, text, folder, shell(tmp_path))
        elif block.marker == "shows" and output is not None:
            assert_shows(block, output)
        elif block.marker.startswith("run: "):
            output = None  # output of an earlier block does not count


@pytest.fixture
def meltano_environment(
    account: Sandbox,
    database_url: str,
    tmp_path: Path,
    meltano_plugins: None,  # noqa: ARG001  # are they there?
) -> dict[str, str]:
    """Meltano's environment in this project, with its own state, files and database."""
    return shell_in_project(
        tmp_path,
        account.api_url,
        TARGET_SEEKER_LEADS_LEDGER_URL=f"sqlite:///{tmp_path / 'ledger.db'}",
        TARGET_SEEKER_LEADS_REJECTS_PATH=str(tmp_path / "rejects.jsonl"),
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
        TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
        TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA="seeker_leads",  # the schema of `production`, which the pages use
        SEEKER_LEADS_TABLE="seeker_leads.leads",  # as above
    )


@pytest.mark.parametrize("page", [page for page in PAGES if any(b.marker == "run: meltano" for b in blocks_of(page))])
def test_meltano_commands_work(
    page: str,
    account: Sandbox,
    meltano_environment: dict[str, str],
    database: psycopg.Connection[Any],
    tmp_path: Path,
) -> None:
    """A page's Meltano commands work in this project, and its queries work on the table of leads."""
    output = None
    for block in blocks_of(page):
        if block.marker == "run: meltano":
            # The project's folder `data` is the test's own, as the settings say; the log counts as output.
            text = re.sub(r"(?<![\w/])data/", f"{tmp_path}/", block.text).replace(WRITTEN_URL, account.url)
            output = run(block, text, PROJECT, meltano_environment, subprocess.STDOUT)
        elif block.marker == "run: leads":
            run_on_leads(block, database)
        elif block.marker == "shows" and output is not None:
            assert_shows(block, output)
        elif block.marker.startswith("run"):
            output = None


def run_on_leads(block: Block, database: psycopg.Connection[Any]) -> None:
    """Run a dbt model or a query on the table that Meltano filled; one of its leads is past its `ttl`."""
    oldest = 'SELECT min("leadId") FROM seeker_leads.leads'
    database.execute(f"UPDATE seeker_leads.leads SET ttl = '2020-01-01' WHERE \"leadId\" = ({oldest})".encode())  # noqa: S608  # ours
    statements: list[str] = []

    def config(pre_hook: str = "", **_: Any) -> str:
        statements.append(pre_hook)
        return ""

    def source(schema: str, table: str) -> str:
        return f"{schema}.{table}"

    template = jinja2.Environment(autoescape=False).from_string(block.text)  # noqa: S701  # SQL, not HTML
    statements.append(template.render(config=config, source=source))
    for statement in statements:
        if statement:
            rendered = jinja2.Environment(autoescape=False).from_string(statement).render(source=source)  # noqa: S701  # as above
            result = database.execute(rendered.encode())
    assert result.fetchall(), f"{block.place} finds nothing"


def test_deselected_columns_stay_away(meltano: Callable[..., Any], tmp_path: Path) -> None:
    """With the selection of the tap's page, Meltano writes no personal data into the loader's file."""
    (block,) = (block for block in every_block("yaml") if block.page == "docs/tap.md" and "select:" in block.text)
    (plugin,) = yaml.safe_load(block.text)["plugins"]["extractors"]
    ended = meltano(
        "run",
        "tap-seeker-leads",
        "target-jsonl",
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
        TAP_SEEKER_LEADS__SELECT=json.dumps(plugin["select"]),
    )
    assert ended.status == 0, ended.stderr[-3000:]
    (file,) = tmp_path.glob("leads*.jsonl")
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(records) == 120
    assert all({"contactRequest", "callDetails", "extra"}.isdisjoint(record) for record in records)
    assert all(record["leadId"] and record["ingestionDate"] for record in records)


def ledger_with_rows(url: str) -> None:
    """Create a ledger with a row of each status; one was sent again."""
    with Ledger.open(url, UnknownOutcome.RETRY) as ledger:
        for number, status in enumerate(Status):
            claim = Claim(f"{number:064}", "0" * 64, "leads", is_replay=False, will_send=True)
            ledger.claim(claim)
            ledger.settle(Settlement(claim, status, f"request-{number}", resends=number % 2))


@pytest.mark.parametrize("block", [b for b in every_block("sql") if b.marker == "run: ledger"], ids=lambda b: b.place)
def test_ledger_can_be_asked(block: Block, database_url: str, tmp_path: Path) -> None:
    """Each query of the ledger works in SQLite and in PostgreSQL, and returns the same number of rows in both."""
    with psycopg.connect(database_url, autocommit=True) as postgres:
        postgres.execute("DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")
        for url in (database_url, f"sqlite:///{tmp_path / 'ledger.db'}"):
            ledger_with_rows(url)
        in_postgres = postgres.execute(block.text.encode()).fetchall()
        postgres.execute("DROP TABLE seeker_leads_ledger, seeker_leads_ledger_version")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as sqlite:
        in_sqlite = sqlite.execute(block.text).fetchall()
    assert len(in_sqlite) == len(in_postgres) > 0


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the program sqlite3 is not here")
@pytest.mark.parametrize(
    "block", [b for b in every_block("sh") if b.marker == "run: ledger"], ids=lambda block: block.place
)
def test_ledger_can_be_copied(block: Block, tmp_path: Path) -> None:
    """The copy of an open ledger has every row, including those that are not in its main file yet, and is private."""
    (tmp_path / "data").mkdir()
    url = f"sqlite:///{tmp_path / 'data' / 'ledger.db'}"
    with Ledger.open(url, UnknownOutcome.RETRY):
        ledger_with_rows(url)
        run(block, block.text, tmp_path, shell(tmp_path))
    copy = tmp_path / "ledger-copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as ledger:
        assert ledger.execute("SELECT count(*) FROM seeker_leads_ledger").fetchone() == (len(Status),)


def by_itself(block: Block) -> str:
    """Return a block without Meltano, whose plugin in this project is installed without the driver of PostgreSQL."""
    assert "meltano invoke target-seeker-leads:ledger" in block.text
    return block.text.replace("meltano invoke target-seeker-leads:ledger", "seeker-leads ledger")


def test_ledger_can_be_moved(meltano_environment: dict[str, str], database_url: str, tmp_path: Path) -> None:
    """The page's commands copy every row of an SQLite ledger to PostgreSQL unchanged, whatever the server's zone."""
    (block,) = (block for block in every_block("sh") if block.marker == "run: ledger move")
    text = by_itself(block).replace("postgresql://user:password@host/database", f"'{database_url}'")
    old_url = meltano_environment["TARGET_SEEKER_LEADS_LEDGER_URL"]
    ledger_with_rows(old_url)
    execute(database_url, "DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")
    run(block, text, tmp_path, {**meltano_environment, "PGOPTIONS": "-c timezone=America/New_York"})
    assert rows_in_utc(database_url) == rows_in_utc(old_url)
    assert len(rows_in_utc(old_url)) == len(Status)
    execute(database_url, "DROP TABLE seeker_leads_ledger, seeker_leads_ledger_version")


@pytest.mark.parametrize(
    "block", [b for b in every_block("sh") if b.marker == "run: serve"], ids=lambda block: block.place
)
def test_sandbox_serves_until_it_is_stopped(block: Block, tmp_path: Path) -> None:
    """A command that starts the sandbox prints its URL, and ends with status 0 when it is stopped."""
    command = block.text.replace("--port 8000", "--port 0")
    with subprocess.Popen(
        [*RUNNABLE["sh"], f"exec {command}"], env=shell(tmp_path), stdout=subprocess.PIPE, text=True
    ) as sandbox:
        try:
            assert sandbox.stdout
            assert sandbox.stdout.readline().startswith("api_url:        http://127.0.0.1:")
        finally:
            sandbox.terminate()
        assert sandbox.wait(30) == 0
