"""A user's first steps: an empty folder, Meltano, and the definitions that the Hub gets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.packaging.conftest import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable

MELTANO = Path(sys.executable).with_name("meltano")
DEFINITIONS = PROJECT / "hub" / "_data" / "meltano"

pytestmark = pytest.mark.skipif(not MELTANO.exists(), reason="Meltano is not in the environment of `make test-wheel`")


@pytest.fixture
def meltano(tmp_path: Path) -> Callable[..., str]:
    """Run Meltano in a new project of its own, with nothing of the user's; return what it said."""
    ours = ("MELTANO_", "TAP_", "TARGET_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false"}
    project = tmp_path / "project"
    project.mkdir()

    def run(*arguments: str | Path, **more: str) -> str:
        ended = subprocess.run(
            [MELTANO, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            cwd=project,
            env={**environment, **more},
        )
        assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
        return ended.stdout + ended.stderr

    return run


def override_pip_url(project: Path, plugin: str, wheel: Path) -> None:
    """Install from the wheel, for the package is not published when this runs."""
    path = project / "meltano.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    for plugins in content["plugins"].values():
        for entry in plugins:
            if entry["name"] == plugin:
                entry["pip_url"] = str(wheel)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def definition_of_a_loader(folder: Path) -> Path:
    """Write what the Hub says of `target-postgres`, as this repository's project has it: tests ask no Hub."""
    project = yaml.safe_load((PROJECT / "meltano.yml").read_text("utf-8"))
    (definition,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == "target-postgres")
    path = folder / "target-postgres.yml"
    path.write_text(yaml.safe_dump({"variant": "meltanolabs", **definition}))
    return path


@pytest.mark.timeout(900)
def test_from_an_empty_folder_to_a_table(
    meltano: Callable[..., str], wheel: Path, tmp_path: Path, database_url: str
) -> None:
    """With the wheel alone, `meltano init`, `add` from the Hub's definitions, `install` and `run` bring leads.

    They are in PostgreSQL then, and the target of the same wheel sends them on.
    """
    project = tmp_path / "project"
    meltano("init", "--no-usage-stats", ".")
    (tap,) = DEFINITIONS.glob("extractors/tap-seeker-leads/*.yml")
    (target,) = DEFINITIONS.glob("loaders/target-seeker-leads/*.yml")
    meltano("add", "tap-seeker-leads", "--from-ref", tap, "--no-install")
    meltano("add", "target-seeker-leads", "--from-ref", target, "--no-install")
    meltano("add", "target-postgres", "--from-ref", definition_of_a_loader(tmp_path), "--no-install")
    override_pip_url(project, "tap-seeker-leads", wheel)
    override_pip_url(project, "target-seeker-leads", wheel)
    meltano("install")
    with Sandbox.start(SandboxOptions(leads=120, days=5)) as sandbox:
        settings: dict[str, Any] = {
            "TAP_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TAP_SEEKER_LEADS_AUTH_URL": sandbox.token_url,
            "TAP_SEEKER_LEADS_CLIENT_ID": sandbox.options.client_id,
            "TAP_SEEKER_LEADS_CLIENT_SECRET": sandbox.options.client_secret,
            "TARGET_POSTGRES_SQLALCHEMY_URL": database_url,
            "TARGET_POSTGRES_DEFAULT_TARGET_SCHEMA": "from_the_wheel",
        }
        said = meltano("run", "tap-seeker-leads", "target-postgres", **settings)
        assert sandbox.options.client_secret not in said
        with psycopg.connect(database_url) as connection:
            query = 'SELECT "leadId" FROM from_the_wheel.leads'
            arrived = {row[0] for row in connection.execute(query)}
        assert arrived == {lead["metadata"]["leadId"] for lead in sandbox.store.all()}
        assert len(arrived) == 120

        settings |= {
            "TARGET_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TARGET_SEEKER_LEADS_AUTH_TOKEN": sandbox.options.token,
            "TARGET_SEEKER_LEADS_LEDGER_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
            "TARGET_SEEKER_LEADS_REJECTS_PATH": str(tmp_path / "rejects.jsonl"),
        }
        meltano("run", "tap-seeker-leads", "target-seeker-leads", **settings)
        assert len(sandbox.created) > 10
