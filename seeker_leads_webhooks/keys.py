"""The webhook keys that authenticate callers. They are read only from the environment."""

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
    """The key of the subscriptions and, while it is being replaced, the previous one."""

    current: str = field(repr=False)
    previous: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> WebhookKeys:
        """Read the keys; an empty variable counts as not set.

        Raises:
            SettingsError: there is no key, or one cannot be sent in a header.
        """
        current = variables.get(KEY_VARIABLE) or None
        previous = variables.get(PREVIOUS_KEY_VARIABLE) or None
        if current is None:
            msg = f"The variable {KEY_VARIABLE} is not set: set it to the webhook key, e.g. from `openssl rand -hex 32`"
            raise SettingsError(msg)
        for name, key in ((KEY_VARIABLE, current), (PREVIOUS_KEY_VARIABLE, previous)):
            if key is not None and not is_token(key):
                msg = f"The variable {name} must contain only the key: plain ASCII without blanks or line breaks"
                raise SettingsError(msg)
        return cls(current, previous)

    @property
    def accepted(self) -> tuple[bytes, ...]:
        """All keys that a caller may use."""
        return tuple(key.encode() for key in (self.current, self.previous) if key is not None)


def without_keys(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the keys, for a program that does not need them."""
    return {name: value for name, value in variables.items() if name not in {KEY_VARIABLE, PREVIOUS_KEY_VARIABLE}}
