"""A PostgreSQL of its own, for tests, soak and benchmarks."""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING

from demo.postgres import start_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


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
