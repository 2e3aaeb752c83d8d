"""The wheel, and an environment in which only the wheel is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.pages import PROJECT


def install(environment: Path, *packages: str | Path) -> None:
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "--python", environment / "bin" / "python"]
    subprocess.run([*pip, "install", *packages], check=True)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel given by `.ci/test-wheel`, or one built from this source tree."""
    given = os.environ.get("SEEKER_LEADS_WHEEL")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("wheel")
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps"]
    subprocess.run([*pip, "--wheel-dir", folder, PROJECT], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def plain(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with only the wheel and its requirements."""
    environment = tmp_path_factory.mktemp("plain")
    venv.create(environment)
    install(environment, wheel)
    return environment / "bin"
