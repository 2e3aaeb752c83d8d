"""How Singer messages are handled, up to the pipeline."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import pytest
from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib.exceptions import InvalidInputLine

from seeker_leads_api.errors import FatalError, SettingsError
from target_seeker_leads.singer.messages import Messages

if TYPE_CHECKING:
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.delivery.pipeline import Pipeline

SCHEMA: dict[str, Any] = {
    "type": "SCHEMA",
    "stream": "crm",
    "schema": {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}},
    "key_properties": ["id"],
}


class Taken:
    """A pipeline that only records what it receives."""

    def __init__(self, error: Exception | None = None) -> None:
        self.incoming: list[Incoming] = []
        self.states: list[Any] = []
        self._error = error

    def take(self, incoming: Incoming) -> None:
        if self._error:
            raise self._error
        self.incoming.append(incoming)

    def state(self, value: Any) -> None:
        self.states.append(value)


def record(**values: Any) -> dict[str, Any]:
    return {"type": "RECORD", "stream": "crm", "record": values}


def handle(*messages: dict[str, Any], pipeline: Taken | None = None, **maps: Any) -> list[Incoming]:
    pipeline = pipeline or Taken()
    config: dict[str, Any] = {"stream_maps": maps, "stream_map_config": {}}
    mapper = PluginMapper(plugin_config=config, logger=logging.getLogger("test"))
    handler = Messages(mapper, cast("Pipeline", pipeline), config)
    for message in messages:
        assert handler.handle(message) == message["type"]
    return pipeline.incoming


def test_record_without_maps_comes_as_it_is() -> None:
    """A record keeps its values, its stream and its key; the metadata columns that loaders add are removed."""
    metadata = ("extracted_at", "received_at", "batched_at", "deleted_at", "sequence", "table_version")
    added = {f"_sdc_{name}": 1 for name in (*metadata, "sync_started_at")}
    (incoming,) = handle(SCHEMA, record(id=1, name="Zoé", _sdc_other=2, **added))
    assert (incoming.stream, incoming.key_properties) == ("crm", ("id",))
    assert incoming.record == {"id": 1, "name": "Zoé", "_sdc_other": 2}
    assert incoming.source.record == {"id": 1, "name": "Zoé", "_sdc_other": 2, **added}


def test_maps_give_alias_key_and_filter() -> None:
    """Alias, key properties and filter of a stream map apply; a dead letter would keep the record before the map."""
    maps: dict[str, Any] = {
        "crm": {"nr": "str(id)", "__alias__": "leads", "__key_properties__": ["nr"], "__filter__": "id > 1"}
    }
    (incoming,) = handle(SCHEMA, record(id=1), record(id=2), **maps)
    assert (incoming.stream, incoming.key_properties) == ("leads", ("nr",))
    assert incoming.record == {"id": 2, "nr": "2"}
    assert (incoming.source.stream, incoming.source.key_properties) == ("crm", ("id",))
    assert incoming.source.record == {"id": 2}


def test_each_map_of_a_stream_gives_a_record() -> None:
    """A stream may be sent several times, under each of its names."""
    copies = handle(SCHEMA, record(id=1), copy={"__source__": "crm", "name": "'x'"})
    assert [(incoming.stream, dict(incoming.record)) for incoming in copies] == [
        ("crm", {"id": 1}),
        ("copy", {"id": 1, "name": "x"}),
    ]


def test_expression_that_fails_keeps_the_record() -> None:
    """A record whose expression fails is passed on unmapped with the reason, and the next one is mapped."""
    first, second = handle(SCHEMA, record(id=0), record(id=1), crm={"name": "str(1 / id)"})
    assert first.failure
    assert "ZeroDivisionError" in first.failure.rule
    assert (first.stream, first.record) == ("crm", {"id": 0})
    assert (second.failure, second.record) == (None, {"id": 1, "name": "1.0"})


@pytest.mark.parametrize("error", [FatalError("full"), ValueError("a defect")])
@pytest.mark.parametrize("maps", [{}, {"crm": {"name": "'x'"}}], ids=["as is", "mapped"])
def test_error_of_the_delivery_is_not_one_of_the_maps(error: Exception, maps: dict[str, Any]) -> None:
    """An error of the delivery reaches the caller unchanged, whatever the stream maps."""
    with pytest.raises(type(error)) as caught:
        handle(SCHEMA, record(id=1), pipeline=Taken(error), **maps)
    assert caught.value is error


def test_maps_that_do_not_fit_are_named() -> None:
    """An expression that cannot be parsed, or a key that the maps remove, ends the run as a wrong setting."""
    for maps in ({"name": "name("}, {"id": None}):
        with pytest.raises(SettingsError, match="`stream_maps` does not fit"):
            handle(SCHEMA, crm=maps)


def test_new_schema_gives_new_maps() -> None:
    """A SCHEMA that differs from the previous one applies to the records after it; an equal one changes nothing."""
    other = {**SCHEMA, "key_properties": ["name"]}
    keys = [each.key_properties for each in handle(SCHEMA, record(), SCHEMA, record(), other, record())]
    assert keys == [("id",), ("id",), ("name",)]


def test_dead_letter_brings_its_schema() -> None:
    """A replayed dead letter needs no SCHEMA: it carries what is known of its stream."""
    (incoming,) = handle({**record(id=1), "key_properties": ["id"], "reasons": []})
    assert incoming.source.is_replay
    assert incoming.key_properties == ("id",)


def test_other_messages() -> None:
    """A STATE of any content goes to the pipeline; ACTIVATE_VERSION does nothing; BATCH is refused."""
    pipeline = Taken()
    activate = {"type": "ACTIVATE_VERSION", "stream": "crm", "version": 1}
    handle({"type": "STATE", "value": None}, activate, pipeline=pipeline)
    assert pipeline.states == [None]
    with pytest.raises(InvalidInputLine, match="batch_config"):
        handle({"type": "BATCH", "stream": "crm"})


def test_records_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """The metric `record_count` counts the records of each stream under its name after the maps."""
    caplog.set_level(logging.INFO)
    mapper = PluginMapper(plugin_config={}, logger=logging.getLogger("test"))
    handler = Messages(mapper, cast("Pipeline", Taken()), {})
    for message in (SCHEMA, record(id=1), record(id=2)):
        handler.handle(message)
    handler.log_counts()
    (line,) = [line for line in caplog.messages if "record_count" in line]
    assert '"value":2' in line
    assert '"stream":"crm"' in line


@pytest.mark.parametrize(
    ("maps", "named"),
    [
        ({"lastName": "nom", "email": "mail.lower()"}, "`email`"),
        ({"lastName": "missing_name"}, "`lastName`"),
        ({"__filter__": "etat > 1", "lastName": "nom"}, "`__filter__`"),
    ],
)
def test_a_map_that_failed_is_named(maps: dict[str, str], named: str) -> None:
    """The reason names the expression that failed and the columns of the record, and shows none of its values."""
    properties: dict[str, Any] = {name: {"type": "string"} for name in ("nom", "mail", "etat")}
    schema = {**SCHEMA, "schema": {"properties": properties}, "key_properties": []}
    (incoming,) = handle(schema, record(nom="Secret", mail=None, etat=None), crm=maps)
    assert incoming.failure is not None
    assert f"Fix the expression of {named} " in incoming.failure.cure
    assert incoming.failure.cure.endswith("the record has the columns nom, mail, etat")
    assert named in str(incoming.failure.source)
    assert "Secret" not in str(incoming.failure)
