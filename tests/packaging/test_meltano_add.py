"""A user's first steps: an empty folder, Meltano, and the Hub's definitions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.pages import PROJECT, blocks_in, blocks_of

if TYPE_CHECKING:
    from collections.abc import Callable

BASH = ("bash", "-euo", "pipefail", "-c")
MELTANO = Path(sys.executable).with_name("meltano")
#: The page's placeholder for this repository.
WRITTEN_SOURCE = "~/singer-seeker-leads"
#: The page's names of the tables with leads, for both environments.
SCHEMAS = ("seeker_leads", "seeker_leads_sandbox")
START = [block for block in blocks_of("docs/start.md") if block.marker == "run: new project"]

pytestmark = pytest.mark.skipif(not MELTANO.exists(), reason="Meltano is not in the environment of `make test-wheel`")


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., str]:
    """Run a command in a shell without the user's environment; return its output."""
    ours = ("MELTANO_", "TAP_", "TARGET_", "SEEKER_LEADS_CLIENT_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {
        "PATH": f"{MELTANO.parent}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
    }

    def run(command: str, folder: Path, **more: str) -> str:
        ended = subprocess.run(
            [*BASH, command],
            capture_output=True,
            text=True,
            check=False,
            timeout=480,
            cwd=folder,
            env={**environment, **more},
        )
        assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
        return ended.stdout + ended.stderr

    return run


def source_with_the_wheel(folder: Path, wheel: Path) -> Path:
    """Copy the Hub's definitions from this repository; they install the wheel, which is not published yet."""
    for path in (PROJECT / "hub" / "_data").rglob("*.yml"):
        definition = yaml.safe_load(path.read_text("utf-8"))
        name, bracket, extras = definition["pip_url"].partition("[")
        assert name == "singer-seeker-leads"
        copy = folder / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True)
        copy.write_text(yaml.safe_dump({**definition, "pip_url": f"{wheel}{bracket}{extras}"}))
    return folder


def hub_texts() -> dict[str, Any]:
    """Return the handwritten part of the tap's definition."""
    texts: dict[str, Any] = yaml.safe_load((PROJECT / "hub" / "tap-seeker-leads.yml").read_text("utf-8"))
    return texts


def definition_of_a_loader(folder: Path) -> Path:
    """Write the Hub's definition of `target-postgres` as in this repository's project; tests do not use the Hub."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    (definition,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == "target-postgres")
    path = folder / "target-postgres.yml"
    path.write_text(yaml.safe_dump({"variant": "meltanolabs", **definition}))
    return path


def fill_in(text: str, values: dict[str, str]) -> str:
    """Return the lines `NAME=…` with these values."""
    names = [line.partition("=")[0] for line in text.splitlines()]
    assert set(names) == set(values)
    return "".join(f"{name}={values[name]}\n" for name in names)


@pytest.mark.timeout(900)
def test_from_an_empty_folder_to_a_table(
    shell: Callable[..., str], wheel: Path, tmp_path: Path, database_url: str
) -> None:
    """The page's steps in an empty folder read leads: they add the Hub's definitions, install them and run them.

    The leads are then in PostgreSQL. The target of the same wheel sends them on, and the Hub's commands for personal
    data exclude it.
    """
    begin, settings, secrets, run = START
    commands = begin.text.replace(WRITTEN_SOURCE, str(source_with_the_wheel(tmp_path / "source", wheel)))
    loader = "meltano add target-postgres"
    assert commands.count(loader) == 1
    shell(commands.replace(loader, f"{loader} --from-ref {definition_of_a_loader(tmp_path)}"), tmp_path)

    project = tmp_path / "leads"
    content = yaml.safe_load((project / "meltano.yml").read_text("utf-8"))
    (project / "meltano.yml").write_text(yaml.safe_dump({**content, **yaml.safe_load(settings.text)}))
    with Sandbox.start(SandboxOptions(leads=120, days=5, client_secret="a-secret-of-the-agency")) as sandbox:
        values = {
            "SEEKER_LEADS_CLIENT_ID": sandbox.options.client_id,
            "SEEKER_LEADS_CLIENT_SECRET": sandbox.options.client_secret,
            "TARGET_POSTGRES_SQLALCHEMY_URL": database_url,
        }
        (project / ".env").write_text(fill_in(secrets.text, values))
        servers = {
            "TAP_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TAP_SEEKER_LEADS_AUTH_URL": sandbox.token_url,
        }
        with psycopg.connect(database_url) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {', '.join(SCHEMAS)} CASCADE".encode())
        output = shell(run.text, project, **servers)
        assert output.count("Run completed") == 2
        assert len(sandbox.issued_tokens) > 0
        assert sandbox.options.client_secret not in output
        *_, test = blocks_in("hub/tap-seeker-leads.yml", hub_texts()["next_steps"])
        output = shell(test.text.replace("--environment=dev", "--environment=sandbox"), project, **servers)
        assert "Plugin configuration is valid" in output
        expected = sandbox.store.ids()
        assert len(expected) == 120
        with psycopg.connect(database_url) as connection:
            for schema in SCHEMAS:
                query = f'SELECT "leadId" FROM {schema}.leads'  # noqa: S608  # our own names
                assert {row[0] for row in connection.execute(query.encode())} == expected

        target = {
            "TARGET_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TARGET_SEEKER_LEADS_AUTH_TOKEN": sandbox.options.token,
            "TARGET_SEEKER_LEADS_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "TARGET_SEEKER_LEADS_REJECTS_PATH": str(tmp_path / "rejects.jsonl"),
        }
        shell("meltano run tap-seeker-leads target-seeker-leads", project, **servers, **target)
        assert len(sandbox.created) > 10
        assert "OK      tap     newest lead: " in shell("meltano invoke tap-seeker-leads:doctor", project, **servers)
        assert "OK      target  ledger: " in shell("meltano invoke target-seeker-leads:doctor", project, **target)
        output = shell("meltano invoke target-seeker-leads:ledger stats --json", project, **target)
        assert '"status": "delivered"' in output

        (select,) = blocks_in("hub/tap-seeker-leads.yml", hub_texts()["usage"])
        shell(select.text, project)
        output = shell("meltano invoke tap-seeker-leads", project, **servers)
        records = [json.loads(line)["record"] for line in output.splitlines() if line.startswith('{"type":"RECORD"')]
        assert {record["leadId"] for record in records} >= expected
        assert all({"contactRequest", "callDetails", "extra"}.isdisjoint(record) for record in records)
