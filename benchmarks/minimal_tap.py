"""A tap written in an afternoon: the SDK with its defaults, window after window."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import BaseAPIPaginator
from singer_sdk.streams import RESTStream

if TYPE_CHECKING:
    import requests

WEEK_SECONDS = 7 * 86_400
_TEXT, _NUMBER = th.StringType, th.NumberType


def _object(**fields: Any) -> th.ObjectType:
    return th.ObjectType(*(th.Property(name, kind) for name, kind in fields.items()), additional_properties=True)


SCHEMA = th.PropertiesList(
    th.Property(
        "metadata",
        _object(
            leadId=_TEXT,
            ingestionDate=th.IntegerType,
            portal=_TEXT,
            TTL=th.IntegerType,
            leadCategory=_TEXT,
            seekerIntention=_TEXT,
        ),
    ),
    th.Property(
        "contactRequest",
        _object(
            firstName=_TEXT,
            lastName=_TEXT,
            gender=_TEXT,
            email=_TEXT,
            language=_TEXT,
            phoneNumbers=th.ArrayType(_object(type=_TEXT, number=_TEXT, verified=th.BooleanType)),
            message=_TEXT,
            isOwner=th.BooleanType,
        ),
    ),
    th.Property(
        "property",
        _object(
            classifiedId=_TEXT,
            offererEstateId=_TEXT,
            offererMarketingKey=_TEXT,
            projectId=_TEXT,
            estateType=th.ArrayType(_TEXT),
            rooms=_object(numberOfRoomsMin=_NUMBER, numberOfRoomsMax=_NUMBER),
            spaces=_object(spaceMin=_NUMBER, spaceMax=_NUMBER),
            budget=_object(amountMin=_NUMBER, amountMax=_NUMBER),
            geo=_object(city=_TEXT, postalCodes=th.ArrayType(_TEXT), departments=th.ArrayType(_TEXT)),
        ),
    ),
    th.Property("project", _object()),
    th.Property("distributionType", th.ArrayType(_TEXT)),
    th.Property("callDetails", _object(seekerPhoneNumber=_TEXT, isVoiceMail=th.BooleanType, duration=th.IntegerType)),
).to_dict()


class WindowPaginator(BaseAPIPaginator[Any]):
    """Pairs of start and cursor, through windows of a week."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__((start, None))
        self._end = end

    def continue_if_empty(self, response: requests.Response) -> bool:  # noqa: ARG002  # the SDK's
        """Continue with the next week."""
        return True

    def get_next(self, response: requests.Response) -> Any:
        """Return the next page, or the next week."""
        start, _ = self.current_value
        body = response.json() if response.status_code != 404 else {"links": {}}
        if "next" in body["links"]:
            return start, body["items"][-1]["metadata"]["leadId"]
        return (start + WEEK_SECONDS, None) if start + WEEK_SECONDS < self._end else None


class MinimalStream(RESTStream[Any]):
    """The leads, unchanged."""

    name = "leads"
    path = "/leads"
    primary_keys = ()
    schema = SCHEMA
    records_jsonpath = "$.items[*]"

    @property
    def url_base(self) -> str:
        """The API."""
        return str(self.config["api_url"])

    @property
    def authenticator(self) -> BearerTokenAuthenticator:
        """The token."""
        return BearerTokenAuthenticator(token=self.config["auth_token"])

    def get_new_paginator(self) -> WindowPaginator:
        """Return the paginator over the weeks."""
        return WindowPaginator(self.config["start"], int(time.time()))

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:  # noqa: ARG002  # the SDK's
        """Request a page of a week."""
        start, cursor = next_page_token
        return {"minDate": start, "maxDate": start + WEEK_SECONDS, "limit": 100, "start": cursor}

    def validate_response(self, response: requests.Response) -> None:
        """Treat 404 as an empty week."""
        if response.status_code != 404:
            super().validate_response(response)


class MinimalTap(Tap):
    """The tap."""

    name = "tap-minimal"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", _TEXT), th.Property("auth_token", _TEXT), th.Property("start", th.IntegerType)
    ).to_dict()

    def discover_streams(self) -> list[MinimalStream]:
        """Return the one stream."""
        return [MinimalStream(self)]


if __name__ == "__main__":
    MinimalTap.cli()
