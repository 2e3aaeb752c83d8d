"""The keys that callers prove to know. They come from the environment alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_api.credentials import is_token
from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_VARIABLE = "SEEKER_LEADS_WEBHOOK_API_KEY"
PREVIOUS_KEY_VARIABLE = "SEEKER_LEADS_WEBHOOK_PREVIOUS_API_KEY"


@dataclass(frozen=True, slots=True)
class WebhookKeys:
    """The key that subscriptions have, and the one that they had while it is replaced."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> WebhookKeys:
        """Read them; an empty variable counts as not set.

        Raises:
            SettingsError: there is no key, or one cannot travel in a header.
        """
        current = variables.get(KEY_VARIABLE) or None
        previous = variables.get(PREVIOUS_KEY_VARIABLE) or None
        if current is None:
            msg = f"The variable {KEY_VARIABLE} is not set: put the webhook key there, e.g. of `openssl rand -hex 32`"
            raise SettingsError(msg)
        for name, key in ((KEY_VARIABLE, current), (PREVIOUS_KEY_VARIABLE, previous)):
            if key is not None and not is_token(key):
                msg = f"The variable {name} must hold the key alone: plain ASCII without blanks or line breaks"
                raise SettingsError(msg)
        return cls(current, previous)

    @property
    def accepted(self) -> tuple[bytes, ...]:
        """Every key that a caller may have."""
        return tuple(key.encode() for key in (self.current, self.previous) if key is not None)


def without_keys(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that has no use for the keys."""
    return {name: value for name, value in variables.items() if name not in {KEY_VARIABLE, PREVIOUS_KEY_VARIABLE}}
