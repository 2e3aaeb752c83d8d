"""An SDK tap that does nothing: the minimum cost of any tap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.streams import RESTStream

if TYPE_CHECKING:
    from collections.abc import Iterable


class IdleStream(RESTStream[Any]):
    """Requests nothing and finds nothing."""

    name = "nothing"
    path = ""
    url_base = ""
    schema = th.PropertiesList(th.Property("id", th.StringType)).to_dict()

    def get_records(self, context: Any) -> Iterable[dict[str, Any]]:  # noqa: ARG002  # the SDK's
        """Return no records."""
        return ()


class IdleTap(Tap):
    """The tap."""

    name = "tap-idle"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList().to_dict()

    def discover_streams(self) -> list[IdleStream]:
        """Return the one stream."""
        return [IdleStream(self)]


if __name__ == "__main__":
    IdleTap.cli()
