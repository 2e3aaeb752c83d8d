from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import requests

from seeker_leads_sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "seeker_leads_sandbox.cli", "serve"]


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run the command; yield its process and the values that it printed."""
    command = [*COMMAND, "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(8)]
            yield process, {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
        finally:
            process.kill()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_its_urls_and_stops_cleanly(signal_number: int, tmp_path: Path) -> None:
    """The first lines show URL and token, which work; Ctrl-C and SIGTERM end it with status 0."""
    ready_file = tmp_path / "ready.json"
    arguments = ("--leads", "20", "--days", "1", "--token", "my-token", "--ready-file", str(ready_file))
    with serving(*arguments) as (process, output):
        assert output["auth_token"] == "my-token"
        url = output["try"].split("'")[3]
        response = requests.get(url, headers={"Authorization": "Bearer my-token"}, timeout=5)
        assert len(response.json()["items"]) == 20
        assert url.startswith(output["api_url"])
        urls = {"api_url": output["api_url"], "auth_url": output["auth_url"]}
        process.send_signal(signal_number)
        assert process.wait(timeout=10) == 0
        assert json.loads(ready_file.read_text()) == urls


@pytest.mark.parametrize(("arguments", "lines"), [((), 1), (("--no-access-log",), 0)])
def test_requests_are_logged_on_stderr(arguments: tuple[str, ...], lines: int) -> None:
    """Each request is a line on stderr, unless that is turned off; by default only this machine can connect."""
    with serving("--leads", "0", *arguments) as (process, output):
        assert requests.get(output["page"], timeout=5).status_code == 200
        process.terminate()
        assert process.stderr is not None
        log = process.stderr.read()
    assert log.count("GET / 200") == log.count("\n") == lines


def test_access_for_other_machines_is_warned_about() -> None:
    """With `--host`, other machines can connect, and one line of stderr warns about it."""
    with serving("--leads", "0", "--host", "0.0.0.0") as (process, output):  # noqa: S104  # what is tested
        assert requests.get(output["page"], timeout=5).status_code == 200
        process.terminate()
        assert process.stderr is not None
        assert "warning: other machines can connect (0.0.0.0)" in process.stderr.readline()


def test_a_host_of_another_machine_is_one_clear_line() -> None:
    """An address of another machine ends the command with status 2 and one line with the cure."""
    ended = run("--port", "0", "--leads", "0", "--host", "192.0.2.1")
    assert (ended.returncode, ended.stderr.count("\n")) == (2, 1)
    assert "192.0.2.1" in ended.stderr
    assert "--host" in ended.stderr


def test_options_reach_the_sandbox() -> None:
    """The answers use the dialects of the command line."""
    with serving("--leads", "0", "--empty", "empty_200") as (_, output):
        parameters = {"minDate": 0, "maxDate": 1}
        headers = {"Authorization": "Bearer sandbox-token"}
        response = requests.get(output["api_url"] + "/leads", params=parameters, headers=headers, timeout=5)

    assert response.status_code == 200
    assert response.json()["items"] == []


def test_a_port_in_use_is_one_clear_line() -> None:
    """A port in use ends the command with status 2 and one line with the cure."""
    with Sandbox.start() as sandbox:
        port = sandbox.url.rpartition(":")[2]
        ended = run("--port", port, "--leads", "0")

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert f"port {port}" in ended.stderr
    assert "--port" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [["--error-rate", "2"], ["--order", "sideways"], ["--port", "70000"], ["--leads", "-1"]]
)
def test_wrong_options_are_refused(arguments: list[str]) -> None:
    """A mistake on the command line ends it with status 2 and without a traceback."""
    ended = run(*arguments)

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_a_missing_extra_is_one_clear_line() -> None:
    """Without the optional packages the command says what to install."""
    without_aiohttp = (
        "import sys; sys.modules['aiohttp'] = None\n"
        "from seeker_leads_sandbox.cli import main\n"
        "sys.exit(main(['serve', '--port', '0']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", without_aiohttp], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "install singer-seeker-leads[sandbox]" in ended.stderr


def test_users_can_test_with_the_fixture(tmp_path: Path) -> None:
    """The pytest plugin gives each test its own sandbox, with the options that the test module sets."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["seeker_leads_sandbox.pytest_plugin"]\n')
    (tmp_path / "test_user.py").write_text(
        "import pytest\n"
        "from seeker_leads_sandbox import SandboxOptions\n"
        "class TestDefault:\n"
        "    def test_empty(self, seeker_leads_sandbox):\n"
        "        assert len(seeker_leads_sandbox.store) == 0\n"
        "        assert seeker_leads_sandbox.api_url.startswith('http://127.0.0.1:')\n"
        "class TestOverridden:\n"
        "    @pytest.fixture\n"
        "    def seeker_leads_sandbox_options(self):\n"
        "        return SandboxOptions(leads=3)\n"
        "    def test_three(self, seeker_leads_sandbox):\n"
        "        assert len(seeker_leads_sandbox.store) == 3\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-c", "/dev/null", "--rootdir", ".", "."]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert "2 passed" in ended.stdout, ended.stdout + ended.stderr
