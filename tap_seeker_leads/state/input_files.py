"""State and catalog as a run is given them: checked once, before the SDK takes them apart."""

from __future__ import annotations

import io
import json
from typing import IO, TYPE_CHECKING, Any

import msgspec

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.leads.schema import PRIMARY_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping

STREAM = "leads"
_CURES = {
    "--state": "give the state that a run put out last, or none for a run from `start_date`",
    "--catalog": "make a new one with `tap-seeker-leads --discover > catalog.json`",
}
#: What the SDK keeps in a stream's state for its own ways to go on. This stream has none of them, and the SDK would
#: stumble over odd ones, or read once for each partition.
_NOT_OURS = frozenset({"partitions", "progress_markers"})
#: Around a state: what `meltano state get` shows, and a STATE message.
_WRAPPINGS = frozenset({"singer_state", "value"})


class _Schema(msgspec.Struct):
    type: str | list[str] | None = None
    properties: dict[str, _Schema] | None = None
    items: _Schema | None = None


class _Columns(msgspec.Struct):
    properties: dict[str, _Schema]


class _Metadata(msgspec.Struct):
    breadcrumb: list[str]
    metadata: dict[str, Any]


class _Entry(msgspec.Struct):
    """What the SDK takes from the catalog's entry of a stream without looking whether it is there."""

    schema: _Columns
    metadata: list[_Metadata] = []
    key_properties: list[str] | None = None
    replication_key: str | None = None
    replication_method: str | None = None


def json_file(file: IO[str] | None, option: str) -> IO[str] | None:
    """Return a file of the command line again, once it is sure to hold a JSON object.

    Raises:
        SettingsError: it cannot be read, or holds something else; `null` is not the same as no file.
    """
    if file is None:
        return None
    try:
        text = file.read()
        value = json.loads(text)
    except OSError:
        problem = "cannot be read"
    except (ValueError, RecursionError):
        problem = "is not JSON, or was cut"
    else:
        if isinstance(value, dict):
            return io.StringIO(text)
        problem = "is no JSON object"
    msg = f"The file given with {option} {problem}: {_CURES[option]}"
    raise SettingsError(msg)


def bookmarks_of(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bookmarks of a state: this stream's as it may be, other streams' as they are.

    Raises:
        SettingsError: the state is no state. It never means "from the start"; only what is not there does.
    """
    if "bookmarks" not in state and (wrapping := _WRAPPINGS & state.keys()):
        msg = f"The state is wrapped: give what stands in its `{next(iter(wrapping))}`, which has `bookmarks`"
        raise SettingsError(msg)
    bookmarks = _object(state.get("bookmarks", {}), "bookmarks")
    if STREAM not in bookmarks:
        return bookmarks
    own = _object(bookmarks[STREAM], f"bookmarks.{STREAM}")
    return {**bookmarks, STREAM: {name: value for name, value in own.items() if name not in _NOT_OURS}}


def _object(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        msg = f"The state's `{place}` must be an object: {_CURES['--state']}"
        raise SettingsError(msg)
    return dict(value)


def own_catalog(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a catalog that is about this stream.

    Raises:
        SettingsError: there is none, so that nothing would be read, or the SDK could make nothing of it.
    """
    streams = catalog.get("streams")
    given = streams if isinstance(streams, list) else []
    entries = [entry for entry in given if isinstance(entry, dict) and entry.get("tap_stream_id") == STREAM]
    if not entries:
        msg = f"The catalog has no stream with the `tap_stream_id` `{STREAM}`: {_CURES['--catalog']}"
        raise SettingsError(msg)
    try:
        understood = msgspec.convert(entries, list[_Entry])
    except msgspec.ValidationError as error:
        problem = str(error)
    except RecursionError:
        problem = "nested too deep"
    else:
        if all(PRIMARY_KEY in entry.schema.properties for entry in understood):
            return {"streams": entries}
        problem = f"Object missing required field `{PRIMARY_KEY}` - at `$.schema.properties`"
    msg = f"The catalog's stream `{STREAM}` does not fit ({problem}): {_CURES['--catalog']}"
    raise SettingsError(msg)
