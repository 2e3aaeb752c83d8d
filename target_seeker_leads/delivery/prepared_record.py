"""Prepares a record for sending: its request, and the reasons not to send it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.account_of_record import AccountResolver
from target_seeker_leads.delivery.set_aside import came_at, has_only_key
from target_seeker_leads.ledger.rules import Claim, Decision
from target_seeker_leads.mapping.lead import Lead, read_lead
from target_seeker_leads.mapping.plausibility.examine import examine
from target_seeker_leads.mapping.validation import MappingWarning
from target_seeker_leads.settings import DedupeBy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from target_seeker_leads.delivery.identity import Identity
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.settings import TargetSettings


_ONLY_KEY = Reason(
    None,
    "holds only its key, as the rest of a deleted row does: `defaults` alone do not make a lead",
    "Export the whole record from the source, or set `deleted_when` to what marks deleted rows",
)


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """A record, the request for it, and the reasons not to send it."""

    incoming: Incoming
    claim: Claim
    request: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    #: What is unlikely or left out, if it is sent.
    warnings: tuple[MappingWarning, ...] = ()
    #: What its stream lacks, whatever its result.
    stream_warnings: tuple[MappingWarning, ...] = ()
    #: The lead that was read from it.
    lead: Lead | None = None
    #: The label of the account that it is for; None for the only one.
    account: str | None = None

    def has_changed(self, decision: Decision) -> bool:
        """Return whether it differs from what was delivered; False if its stream map failed and hides that."""
        return decision is Decision.SKIP_CHANGED and self.incoming.failure is None


class RecordPreparer:
    """Prepares records for sending, according to the settings."""

    def __init__(self, settings: TargetSettings, *, with_history: bool = True) -> None:
        self._defaults = settings.defaults
        self._dates = settings.dates
        self._needs_key = settings.dedupe_by is DedupeBy.KEY
        self._accounts = AccountResolver(settings)
        #: Whether to compute what a ledger holds of earlier runs and versions; without a ledger it is not needed.
        self._with_history = with_history

    def prepare(self, incoming: Incoming, now: datetime) -> PreparedRecord:
        """Return the prepared record."""
        lead = read_lead(incoming.record, self._defaults, self._dates, now)
        reasons = (incoming.failure,) if incoming.failure else _reasons(lead)
        if not reasons and has_only_key(incoming.source) and examine(lead.mapped.request, now).violations:
            reasons = (_ONLY_KEY,)
        account = self._accounts.of(incoming)
        if account.reason and not incoming.failure:
            reasons = (account.reason, *reasons)
        identity = account.identifier.identify(
            incoming, lead.mapped.request, can_be_sent=not reasons, with_history=self._with_history
        )
        claim = Claim(
            key=identity.key,
            content=identity.content,
            stream=incoming.stream,
            is_replay=incoming.source.is_replay,
            excludes_unknown=incoming.source.excludes_unknown,
            will_send=not reasons,
            destination=account.destination,
            earlier_keys=identity.earlier_keys,
            fingerprint=identity.fingerprint or None,
            came_at=came_at(incoming.source.record),
        )
        return PreparedRecord(
            incoming,
            claim,
            lead.request,
            reasons,
            lead.warnings,
            self._stream_warnings(incoming, identity),
            lead,
            account.label,
        )

    def _stream_warnings(self, incoming: Incoming, identity: Identity) -> tuple[MappingWarning, ...]:
        if self._needs_key and not incoming.key_properties:
            return (_no_key(incoming.stream),)
        return tuple(_no_key_property(incoming.stream, name) for name in identity.missing_key_properties)


@lru_cache(maxsize=256)
def _no_key(stream: str) -> MappingWarning:
    return MappingWarning(
        None,
        f"stream `{stream}` has no key: a corrected row counts as a new lead",
        "Set `__key_properties__` in `stream_maps`, or --key of `seeker-leads send`",
    )


@lru_cache(maxsize=256)
def _no_key_property(stream: str, name: str) -> MappingWarning:
    return MappingWarning(
        None,
        f"stream `{stream}`: its key property `{name}` is missing, so records are identified by their content",
        "Look for a byte order mark or different case in the column's name, or declare another key",
    )


def _reasons(lead: Lead) -> tuple[Reason, ...]:
    reasons = []
    for violation in lead.violations:
        source = ", ".join(f"`{name}`" for name in lead.source_of(violation))
        cure = f"{violation.cure} (it came from {source})" if source else violation.cure
        reasons.append(Reason(violation.field, violation.rule, cure, f"from {source}" if source else None))
    return tuple(reasons)
