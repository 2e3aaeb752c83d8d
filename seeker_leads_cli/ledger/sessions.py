"""Ledgers as these commands open them: one that is there, and errors that name the ledger and the cure."""

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
    """Open a ledger that is there.

    Raises:
        SettingsError: there is none at this URL, or a newer version wrote it.
        FatalError: it cannot be reached.
    """
    location = Location.parse(url)
    # Opened to be written, one that is not there would be made.
    with open_if_exists(location) as found:
        if found is None:
            msg = (
                f"There is no ledger at {location.shown} yet: check `ledger_url`; the first run of the target makes it"
            )
            raise SettingsError(msg)
        if read_only:
            yield found
            return
    with open_or_create(location) as session:
        yield session


def open_if_exists(location: Location) -> AbstractContextManager[Session | None]:
    """Open a ledger to be read, and make nothing; None says that there is none.

    Raises:
        SettingsError: a newer version wrote it.
        FatalError: it cannot be reached.
    """
    return _session(location, read_only=True)


@contextlib.contextmanager
def open_or_create(location: Location) -> Iterator[Session]:
    """Open a ledger to be written; it is made if it is not there, and brought to the latest format.

    Raises:
        SettingsError: a newer version wrote it.
        FatalError: it cannot be reached.
    """
    with _session(location, read_only=False) as session:
        if session is not None:
            yield session


@contextlib.contextmanager
def database_errors(session: Session, undone: str) -> Iterator[None]:
    """Turn a failure of the database into one line; `undone` is what could not be done with the ledger.

    Raises:
        FatalError: names the ledger and the cure.
    """
    try:
        yield
    except (DBAPIError, OSError) as error:
        raise session.location.failure(error, undone) from None


@contextlib.contextmanager
def exclusive(session: Session, undone: str) -> Iterator[None]:
    """Keep every other run out of a ledger for one transaction, which is undone as a whole if anything fails.

    Raises:
        FatalError: another run uses it, or the database failed.
    """
    with database_errors(session, undone), session.connection.begin():
        if not session.runs.is_alone():
            shown = session.location.shown
            msg = f"Another run uses the ledger {shown}: nothing was done; let it end, then run this again"
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
            with contextlib.suppress(DBAPIError, OSError):  # all that counts is committed
                session.close()
