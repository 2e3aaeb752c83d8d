"""The package as users install it."""

from __future__ import annotations

import json
import re
import subprocess
import sysconfig
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import seeker_leads_api
import seeker_leads_cli
import seeker_leads_sandbox
import seeker_leads_singer
import seeker_leads_webhooks
import tap_seeker_leads
import target_seeker_leads
from tests.packaging.lowest import constraints
from tests.pages import PROJECT

if TYPE_CHECKING:
    from types import ModuleType

PACKAGES = (
    seeker_leads_api,
    seeker_leads_cli,
    seeker_leads_sandbox,
    seeker_leads_singer,
    seeker_leads_webhooks,
    tap_seeker_leads,
    target_seeker_leads,
)
PROGRAMS = ("tap-seeker-leads", "target-seeker-leads", "seeker-leads-sandbox", "seeker-leads")
NAMES = [package.__name__ for package in PACKAGES]


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


@pytest.fixture(scope="module")
def declared_version() -> str:
    (version,) = re.findall(r'^version = "(.+)"$', (PROJECT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    return str(version)


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def folder_of(package: ModuleType) -> Path:
    assert package.__file__
    return Path(package.__file__).parent


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_packages_under_test_are_the_intended_ones(package: ModuleType) -> None:
    """The packages are those of the source tree or, without one, only those of the installed wheel."""
    name = package.__name__
    home = PROJECT if (PROJECT / name).is_dir() else Path(sysconfig.get_path("purelib"))
    assert folder_of(package).resolve() == (home / name).resolve()


def test_wheel_holds_the_packages_and_nothing_else(names: list[str]) -> None:
    """Tests, demo and this repository's tools are not installed."""
    folders = {name.partition("/")[0] for name in names}
    assert {folder for folder in folders if not folder.endswith(".dist-info")} == set(NAMES)


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_wheel_holds_all_of_each_package(names: list[str], package: ModuleType) -> None:
    """Code, contract and type information: every file of the package is in the wheel."""
    folder = folder_of(package)
    files = {
        f"{package.__name__}/{path.relative_to(folder).as_posix()}"
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= set(names)
    assert f"{package.__name__}/py.typed" in files


def test_wheel_holds_the_contract(names: list[str]) -> None:
    """The wheel contains the API's contract, which is read at run time."""
    assert "seeker_leads_api/openapi.yaml" in names


def test_metadata_says_what_it_is(metadata: Any, declared_version: str) -> None:
    """Name, version and licence are set; the package's page shows the README."""
    assert (metadata["Name"], metadata["Version"]) == ("singer-seeker-leads", declared_version)
    assert (metadata["License-Expression"], metadata["License-File"]) == ("Apache-2.0", "LICENSE")
    assert metadata.get_payload().startswith("# Seeker Leads for Singer")


def test_version_is_set_in_one_place(declared_version: str) -> None:
    """The version is set only in `pyproject.toml`; the code asks the installed package."""
    for package in PACKAGES:
        for path in folder_of(package).rglob("*.py"):
            assert f'"{declared_version}"' not in path.read_text("utf-8"), path


@pytest.mark.parametrize("program", PROGRAMS)
def test_plain_install_says_its_version(plain: Path, program: str, declared_version: str) -> None:
    """Every program works without extras, and `--version` is the package's version."""
    ended = run(plain / program, "--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert re.search(rf"^{program} v?{re.escape(declared_version)}(,|$)", ended.stdout, re.MULTILINE)


@pytest.mark.parametrize("program", PROGRAMS[:2])
def test_plain_install_says_what_it_does(plain: Path, program: str, declared_version: str) -> None:
    """`--about` shows name, version and settings."""
    about = json.loads(run(plain / program, "--about", "--format", "json").stdout)
    assert (about["name"], about["version"]) == (program, declared_version)
    assert "client_secret" in about["settings"]["properties"]


def test_plain_install_discovers(plain: Path) -> None:
    """The installed package finds its contract."""
    (stream,) = json.loads(run(plain / "tap-seeker-leads", "--discover").stdout)["streams"]
    assert stream["tap_stream_id"] == "leads"


def test_plain_install_has_no_server(plain: Path) -> None:
    """The sandbox's dependencies are not installed with the plugins; the sandbox says in one line how to get them."""
    code = "from importlib.metadata import distributions as d; print(*{x.metadata['Name'].lower() for x in d()})"
    installed = run(plain / "python", "-c", code).stdout.split()
    assert "singer-seeker-leads" in installed
    assert {"aiohttp", "faker", "psycopg", "meltano", "pytest", "rich", "python-calamine"}.isdisjoint(installed)
    ended = run(plain / "seeker-leads-sandbox", "serve", "--port", "0")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "install singer-seeker-leads[sandbox]" in ended.stderr


def test_plain_install_has_no_receiver(plain: Path) -> None:
    """The webhook receiver's dependencies are not installed either; managing subscriptions does not need them."""
    key = "SEEKER_LEADS_WEBHOOK_API_KEY=key"
    ended = run("env", key, plain / "seeker-leads", "webhooks", "serve", "--run", "true")
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "install singer-seeker-leads[webhooks]" in ended.stderr
    assert run(plain / "seeker-leads", "webhooks", "ensure", "--help").returncode == 0


def test_lower_bounds_are_found() -> None:
    """`make test-lowest` tests every lower bound in the metadata, including those of extras."""
    text = """\
Requires-Dist: singer-sdk<0.55,>=0.54.9
Requires-Dist: requests>=2.32
Requires-Dist: aiohttp>=3.10; extra == 'sandbox'
Requires-Dist: psycopg[binary]>=3.2; extra == 'postgres'
"""
    assert constraints(text) == ["aiohttp==3.10", "psycopg==3.2", "requests==2.32", "singer-sdk==0.54.9"]
