"""The environment variables of a user's shell."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.pages import PROJECT
from tests.user_programs import BIN

if TYPE_CHECKING:
    from pathlib import Path

#: Prefixes of variables that belong to a user's own account, project or test run.
_PERSONAL = ("TAP_", "TARGET_", "SEEKER_LEADS_CLIENT_", "MELTANO_", "PYTEST_")


def shell(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return a reader's shell environment, without anything of a real account."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_PERSONAL)},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NO_COLOR": "1",
        # The SDK says so at each start; what else a program writes to stderr, tests look at.
        "PYTHONWARNINGS": "ignore:Python 3.10 reached its end of life",
        **more,
    }


def meltano_folder(tmp_path: Path) -> Path:
    """Return a folder in place of the project's `.meltano`: with its plugins, and with run files of the test alone.

    So tests of Meltano can run at the same time.
    """
    folder = tmp_path / "meltano"
    folder.mkdir(exist_ok=True)
    for plugins in ("extractors", "loaders", "utilities"):
        if not (folder / plugins).exists():
            (folder / plugins).symlink_to(PROJECT / ".meltano" / plugins)
    return folder


def shell_in_project(tmp_path: Path, api_url: str, **more: str) -> dict[str, str]:
    """Return Meltano's environment in this project: its own state, and this API for tap and target."""
    # Empty values are set too: without them, the values of the project's `.env` would apply.
    access = {"API_URL": api_url, "AUTH_TOKEN": "sandbox-token", "CLIENT_ID": "", "CLIENT_SECRET": ""}
    return shell(
        tmp_path,
        **{
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_SYS_DIR_ROOT": str(meltano_folder(tmp_path)),
            "MELTANO_ENVIRONMENT": "local",
            "MELTANO_DATABASE_URI": f"sqlite:///{tmp_path / 'meltano.db'}",
            **{
                f"{plugin}_SEEKER_LEADS_{name}": value for plugin in ("TAP", "TARGET") for name, value in access.items()
            },
            **more,
        },
    )
