"""The state and catalog files that a run is given, checked once before the SDK parses them."""

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
    "--state": "pass the last state that a run wrote, or none to start from `start_date`",
    "--catalog": catalog.CURE,
}
#: The keys around a state in the output of `meltano state get` and in a STATE message.
_WRAPPINGS = frozenset({"singer_state", "value"})
#: What the SDK keeps in the state of streams that are read differently from this one.
_OTHER_WAYS = frozenset({"partitions", "progress_markers"})
#: What a stream's state may hold without a statement of how far the stream was read.
_SAYS_NOTHING = frozenset({"replication_key"})


def json_file(file: IO[str] | None, option: str) -> IO[str] | None:
    """Check that a file of the command line holds a JSON object, and return its text without a byte order mark.

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
        problem = "is not JSON, or was cut off"
    else:
        if isinstance(value, dict):
            return io.StringIO(text)
        problem = "is not a JSON object"
    msg = f"The file given with {option} {problem}: {_CURES[option]}"
    raise SettingsError(msg)


def bookmarks_of(state: Mapping[str, Any], *, has_accounts: bool = False) -> dict[str, Any]:
    """Return the bookmarks of a state: this stream's checked and cleaned, other streams' unchanged.

    Raises:
        SettingsError: the state has content that is not a state. Only an empty state, or one without this stream, means
            "from the start".
    """
    if "bookmarks" not in state and (wrapping := _WRAPPINGS & state.keys()):
        msg = f"The state is wrapped: pass the content of its `{next(iter(wrapping))}`, which has `bookmarks`"
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
        raise _OtherFormError(content, run="has no `accounts`")
    return {**bookmarks, STREAM: _entry(own, place)}


def _entry(own: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return one entry of a state without the keys that only other taps use.

    Raises:
        SettingsError: it has content, but not the instant to continue from.
    """
    content = [name for name, value in own.items() if value and name not in _SAYS_NOTHING]
    if content and own.get("replication_key_value") is None:
        msg = (
            f"The state's `{place}` has `{content[0]}` but not `replication_key_value`, the instant to continue"
            f" from: {_CURES['--state']}"
        )
        raise SettingsError(msg)
    return {name: value for name, value in own.items() if name not in _OTHER_WAYS}


def _by_account(own: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Return the state of a run over many accounts: an entry for each label, including accounts that are gone.

    Raises:
        SettingsError: it is the state of a single account, or an entry is not that of an account.
    """
    if any(value for name, value in own.items() if name != PARTITIONS and name not in _OTHER_WAYS | _SAYS_NOTHING):
        content = "the bookmark of a single account"
        raise _OtherFormError(content, run="has `accounts`")
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
            msg = f"The state's `{place}.{PARTITIONS}` has {label!r} twice: remove one, preferably the later one"
            raise SettingsError(msg)
        entries[label] = {CONTEXT: {ACCOUNT: label}, **_entry(entry, where)}
    return {PARTITIONS: list(entries.values())}


class _OtherFormError(SettingsError):
    """The state is that of one account and the run reads many, or the other way round."""

    def __init__(self, content: str, run: str) -> None:
        super().__init__(
            f"The state has {content}, but this run {run}: records of the two forms have different keys, and a loader"
            " cannot change a table's key. Start again with a new state ID (`--state-id` of `meltano el`,"
            " `--state-id-suffix` of `meltano run`) and a new schema in the loader, or migrate both as docs/accounts.md"
            " describes"
        )


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"The state's `{place}` must be an object: {_CURES['--state']}"
        raise SettingsError(msg)
    return dict(value)
