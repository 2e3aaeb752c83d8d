"""State and catalog files as a run is given them, checked once before the SDK takes them apart."""

from __future__ import annotations

import io
import json
from typing import IO, TYPE_CHECKING, Any

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads import catalog
from tap_seeker_leads.leads.schema import ACCOUNT, STREAM
from tap_seeker_leads.state.bookmarks import CONTEXT, PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_CURES = {
    "--state": "give the state that a run put out last, or none for a run from `start_date`",
    "--catalog": catalog.CURE,
}
#: Around a state: what `meltano state get` shows, and a STATE message.
_WRAPPINGS = frozenset({"singer_state", "value"})
#: What the SDK keeps in a stream's state for streams that are read in another way than this one.
_OTHER_WAYS = frozenset({"partitions", "progress_markers"})
#: What a stream's state may hold without saying up to where it was read.
_SAYS_NOTHING = frozenset({"replication_key"})


def json_file(file: IO[str] | None, option: str) -> IO[str] | None:
    """Return a file of the command line again, once it is sure to hold a JSON object; a BOM is taken off.

    Raises:
        SettingsError: it cannot be read, or holds something else; `null` is not the same as no file.
    """
    if file is None:
        return None
    try:
        text = file.read().removeprefix("\ufeff")
        value = json.loads(text)
    except OSError:
        problem = "cannot be read"
    except (ValueError, RecursionError):
        problem = "is not JSON, or was cut"
    else:
        if isinstance(value, dict):
            return io.StringIO(text)
        problem = "is not a JSON object"
    msg = f"The file given with {option} {problem}: {_CURES[option]}"
    raise SettingsError(msg)


def bookmarks_of(state: Mapping[str, Any], *, has_accounts: bool = False) -> dict[str, Any]:
    """Return the bookmarks of a state: this stream's as it may be, other streams' as they are.

    Raises:
        SettingsError: the state has content that is not a state. It never means "from the start"; only an empty state,
            or one without this stream, does.
    """
    if "bookmarks" not in state and (wrapping := _WRAPPINGS & state.keys()):
        msg = f"The state is wrapped: give the content of its `{next(iter(wrapping))}`, which has `bookmarks`"
        raise SettingsError(msg)
    if state and "bookmarks" not in state:
        msg = f"The state has `{next(iter(state))}` but not `bookmarks`, so it is not a state: {_CURES['--state']}"
        raise SettingsError(msg)
    bookmarks = _object(state.get("bookmarks", {}), "bookmarks")
    if STREAM not in bookmarks:
        return bookmarks
    place = f"bookmarks.{STREAM}"
    own = _object(bookmarks[STREAM], place)
    if has_accounts:
        return {**bookmarks, STREAM: _by_account(own, place)}
    if own.get(PARTITIONS):
        content = f"`{PARTITIONS}`, which a run with `accounts` writes"
        raise _OtherFormError(content, given="has no `accounts`")
    return {**bookmarks, STREAM: _entry(own, place)}


def _entry(own: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return one entry of a state without what other taps keep in one.

    Raises:
        SettingsError: it has content, but not the instant to go on from.
    """
    content = [name for name, value in own.items() if value and name not in _SAYS_NOTHING]
    if content and own.get("replication_key_value") is None:
        msg = (
            f"The state's `{place}` has `{content[0]}` but not `replication_key_value`, the instant to go on"
            f" from: {_CURES['--state']}"
        )
        raise SettingsError(msg)
    return {name: value for name, value in own.items() if name not in _OTHER_WAYS}


def _by_account(own: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the state of a run over many accounts: an entry for each label, also of accounts that are gone.

    Raises:
        SettingsError: it is that of a single account, or an entry is not one of an account's.
    """
    if any(value for name, value in own.items() if name != PARTITIONS and name not in _OTHER_WAYS | _SAYS_NOTHING):
        content = "the bookmark of a single account"
        raise _OtherFormError(content, given="has `accounts`")
    partitions = own.get(PARTITIONS) or []
    if not isinstance(partitions, list):
        msg = f"The state's `{place}.{PARTITIONS}` must be a list: {_CURES['--state']}"
        raise SettingsError(msg)
    if not partitions:
        return {}
    entries: dict[str, dict[str, Any]] = {}
    for number, partition in enumerate(partitions):
        where = f"{place}.{PARTITIONS}[{number}]"
        entry = _object(partition, where)
        context = entry.pop(CONTEXT, None)
        label = context.get(ACCOUNT) if isinstance(context, dict) else None
        if not isinstance(label, str) or len(context) != 1:
            msg = f'The state\'s `{where}` has no `{CONTEXT}` of the form {{"{ACCOUNT}": "label"}}: {_CURES["--state"]}'
            raise SettingsError(msg)
        if label in entries:
            msg = f"The state's `{place}.{PARTITIONS}` has {label!r} twice: take one out, the later one at best"
            raise SettingsError(msg)
        entries[label] = {CONTEXT: {ACCOUNT: label}, **_entry(entry, where)}
    return {PARTITIONS: list(entries.values())}


class _OtherFormError(SettingsError):
    """The state is of one account and the run over many, or the other way round."""

    def __init__(self, content: str, given: str) -> None:
        super().__init__(
            f"The state has {content}, but this run {given}: records of the two forms have other keys, which a loader"
            " cannot change. Begin anew with another state id (`--state-id` of `meltano el`, `--state-id-suffix` of"
            " `meltano run`) and another schema of the loader, or move both over as docs/accounts.md describes"
        )


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"The state's `{place}` must be an object: {_CURES['--state']}"
        raise SettingsError(msg)
    return dict(value)
