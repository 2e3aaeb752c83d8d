"""The user's `stream_maps`: which errors are theirs, and what is said of them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import MappingError, SingerSDKError

from seeker_leads_api.errors import SeekerLeadsError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def are_at_fault(error: Exception, config: Mapping[str, Any]) -> bool:
    """Return whether an error of code that evaluates stream maps comes from their expressions.

    These raise anything at all, so it is what neither this project nor the SDK raises on purpose for another reason.
    """
    is_for_another_reason = isinstance(error, (SeekerLeadsError, SingerSDKError)) and not isinstance(
        error, MappingError
    )
    return bool(config.get("stream_maps")) and not is_for_another_reason


@contextlib.contextmanager
def fitting(config: Mapping[str, Any]) -> Iterator[None]:
    """Within it the stream maps are set up.

    Raises:
        SettingsError: they do not fit the stream that they are for.
    """
    try:
        yield
    except Exception as error:
        if not are_at_fault(error, config):
            raise
        # Only the text of the SDK's own errors is about the setting alone.
        words = str(error) if isinstance(error, MappingError) else type(error).__name__
        msg = f"`stream_maps` does not fit the stream: {words}"
        raise SettingsError(msg) from None
