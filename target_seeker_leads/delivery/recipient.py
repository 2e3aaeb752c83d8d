"""An account that leads are sent to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from target_seeker_leads.delivery.held import HeldRecords

if TYPE_CHECKING:
    from seeker_leads_api.accounts import Account
    from seeker_leads_api.client import ApiClient

T = TypeVar("T")


@dataclass(slots=True)
class Recipient(Generic[T]):
    """One of the settings' accounts: its client, and its held records."""

    account: Account
    client: ApiClient
    held: HeldRecords[T] = field(default_factory=HeldRecords)
    stopped_by: str | None = None  #: why nothing more is sent to it by this run

    @property
    def is_one_of_many(self) -> bool:
        """Whether the settings have several accounts, so that its error does not stop the others."""
        return self.account.label is not None
