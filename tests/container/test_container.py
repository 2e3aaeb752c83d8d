"""The steps of `Dockerfile` and the services of `compose.yaml`, without Docker: `make test-container` runs this."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import yaml
from sqlalchemy import make_url

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.container.dockerfile import build_context
from tests.container.images import Images, can_build
from tests.container.relay import relayed
from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(not can_build(), reason="needs Linux and root, to mount and to change the root")
SERVICES: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
PROGRAMS = ("tap-seeker-leads", "target-seeker-leads", "seeker-leads", "seeker-leads-sandbox")


@pytest.fixture(scope="module")
def images() -> Iterator[Images]:
    """Every stage, built."""
    with tempfile.TemporaryDirectory() as folder:  # over a gigabyte, and pytest would keep the last three
        yield Images.build(Path(folder))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The volume for /data, which belongs to the user of the images."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, 10001, 10001)
    return folder


@pytest.fixture
def variables(database_url: str) -> Iterator[dict[str, str]]:
    """The variables of the service `pipeline`, with the addresses of this test's sandbox and database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS seeker_leads_local CASCADE")
        connection.execute('DROP DATABASE IF EXISTS "of-meltano"')
        connection.execute('CREATE DATABASE "of-meltano"')
    url = make_url(database_url)
    with Sandbox.start(SandboxOptions(leads=120)) as sandbox, relayed(f"{url.query['host']}/.s.PGSQL.5432") as port:
        reached = url.set(drivername="postgresql+psycopg", host="127.0.0.1", port=port, query={})
        yield SERVICES["pipeline"]["environment"] | {
            "TAP_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TARGET_POSTGRES_SQLALCHEMY_URL": reached.render_as_string(hide_password=False),
            "MELTANO_DATABASE_URI": reached.set(database="of-meltano").render_as_string(hide_password=False),
        }


def run(images: Images, stage: str, *words: str, data: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    tmpfs = SERVICES["pipeline" if stage == "pipeline" else "sandbox"]["tmpfs"]
    command = images.command(
        stage, *words, data=data, tmpfs=[each for each in tmpfs if ":" in each], variables=variables
    )
    return subprocess.run(**command, capture_output=True, text=True, check=False, timeout=200)


def leads_in(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM seeker_leads_local.leads").fetchall()
        return int(count)


def test_nothing_private_gets_into_an_image() -> None:
    """Only the packages and the definition of the project go into an image: not `.env`, and no personal data."""
    roots = {path.relative_to(PROJECT).parts[0] for path in build_context()}
    packages = {path.parent.name for path in PROJECT.glob("*/py.typed")}
    assert roots == {*packages, "LICENSE", "README.md", "meltano.yml", "pyproject.toml"}


@pytest.mark.parametrize("name", OURS)
def test_services_are_confined(name: str) -> None:
    """Each of our services has a read-only root and no privileges, and only this machine can reach it."""
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("stage", ["programs", "pipeline"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_run_on_a_read_only_root(images: Images, data: Path, stage: str, program: str) -> None:
    """Both images have every program on the path, for a user who may write only to /tmp and /data."""
    ended = run(images, stage, program, "--version", data=data)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith(program)


@pytest.mark.parametrize("stage", ["programs", "pipeline"])
def test_user_of_an_image_may_write_nothing_of_it(images: Images, data: Path, stage: str) -> None:
    """The user is not root, the root file system is read-only, and files in /data belong to that user."""
    code = "id -u; touch /data/x /tmp/x; touch /project/x /opt/x /usr/x"
    ended = run(images, stage, "sh", "-c", code, data=data)
    assert ended.stdout == "10001\n"
    assert ended.stderr.count("cannot touch") == 3, ended.stderr
    assert (data / "x").stat().st_uid == 10001


def test_sandbox_of_compose_answers(images: Images, data: Path) -> None:
    """The command of the service serves the API; then its health check passes."""
    service = SERVICES["sandbox"]
    words = [*service["command"], "--ready-file", "/data/ready.json"]
    words[words.index("--port") + 1] = "0"
    command = images.command("programs", *words, data=data, tmpfs=[], variables={})
    with subprocess.Popen(**command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as sandbox:
        assert sandbox.stdout
        output = next(line for line in sandbox.stdout if "http://" in line)
        port = output.split("http://")[1].split(":")[1].split("/")[0]
        check = [word.replace(":8000", f":{port}") for word in service["healthcheck"]["test"][1:]]
        assert run(images, "programs", *check, data=data).returncode == 0
        sandbox.terminate()
    assert sandbox.returncode == 0


def test_pipeline_loads_leads(images: Images, data: Path, variables: dict[str, str], database_url: str) -> None:
    """The command that `compose.yaml` schedules loads all leads from the sandbox into PostgreSQL, each only once."""
    words = SERVICES["pipeline"]["command"]
    pipeline = shlex.split(words[words.index("--run") + 1])
    for _ in range(2):
        ended = run(images, "pipeline", *pipeline, data=data, **variables)
        assert ended.returncode == 0, ended.stderr
        assert leads_in(database_url) == 120


def test_schedule_runs_the_pipeline_and_ends_in_order(
    images: Images, data: Path, variables: dict[str, str], database_url: str
) -> None:
    """The service runs the pipeline when it starts, and ends with 0 on SIGTERM."""
    words = [*SERVICES["pipeline"]["command"], "--port", "0"]
    tmpfs = [each for each in SERVICES["pipeline"]["tmpfs"] if ":" in each]
    command = images.command("pipeline", *words, data=data, tmpfs=tmpfs, variables=variables)
    with subprocess.Popen(**command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr
        assert any("The run ended with status 0" in line for line in service.stderr)
        assert leads_in(database_url) == 120
        service.send_signal(signal.SIGTERM)
    assert service.returncode == 0
