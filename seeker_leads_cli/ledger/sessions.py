"""Opens ledgers for the commands, with errors that name the ledger and the cure."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from seeker_leads_api.errors import FatalError, SettingsError
from target_seeker_leads.ledger.database import Session
from target_seeker_leads.ledger.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@contextlib.contextmanager
def open_ledger(url: str, *, read_only: bool = True) -> Iterator[Session]:
    """Open an existing ledger.

    Raises:
        SettingsError: there is no ledger at this URL, or a newer version wrote it.
        FatalError: the ledger cannot be opened.
    """
    location = Location.parse(url)
    # Read-only first: opening for writing would create a ledger that does not exist.
    with open_if_exists(location) as found:
        if found is None:
            msg = f"There is no ledger at {location.shown} yet: check `ledger_url`; the target's first run creates it"
            raise SettingsError(msg)
        if read_only:
            yield found
            return
    with open_or_create(location) as session:
        yield session


def open_if_exists(location: Location) -> AbstractContextManager[Session | None]:
    """Open a ledger for reading, or return None if it does not exist. Nothing is created.

    Raises:
        SettingsError: a newer version wrote it.
        FatalError: the ledger cannot be opened.
    """
    return _session(location, read_only=True)


@contextlib.contextmanager
def open_or_create(location: Location) -> Iterator[Session]:
    """Open a ledger for writing; create it if it does not exist, and migrate it to the latest format.

    Raises:
        SettingsError: a newer version wrote it.
        FatalError: the ledger cannot be opened.
    """
    with _session(location, read_only=False) as session:
        if session is not None:
            yield session


@contextlib.contextmanager
def database_errors(session: Session, undone: str) -> Iterator[None]:
    """Convert database errors; `undone` says what could not be done with the ledger.

    Raises:
        FatalError: the database failed; the message names the ledger and the cure.
    """
    try:
        yield
    except (DBAPIError, OSError) as error:
        raise session.location.failure(error, undone) from None


@contextlib.contextmanager
def exclusive(session: Session, undone: str) -> Iterator[None]:
    """Run one transaction in which no other run can use the ledger; an error rolls it back.

    Raises:
        FatalError: another run uses the ledger, or the database failed.
    """
    with database_errors(session, undone), session.connection.begin():
        if not session.runs.is_alone():
            shown = session.location.shown
            msg = f"Another run uses the ledger {shown}: nothing was done; wait until it ends, then run this again"
            raise FatalError(msg)
        yield


@contextlib.contextmanager
def _session(location: Location, *, read_only: bool) -> Iterator[Session | None]:
    try:
        session = Session.open(location, read_only=read_only)
    except (DBAPIError, OSError) as error:
        raise location.error(error, was_open=False) from None
    try:
        yield session
    finally:
        if session is not None:
            with contextlib.suppress(DBAPIError, OSError):  # everything is already committed
                session.close()
