"""What a record asks of the API, and what speaks against it: pure, between mapping and delivery."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.account_of_record import AccountsOfRecords
from target_seeker_leads.delivery.set_aside import came_at, holds_its_key_alone
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


_KEY_ALONE = Reason(
    None,
    "holds nothing but its key, as what is left of a deleted row does: `defaults` alone make no lead",
    "Let the source give the whole record; what marks deleted rows goes into `deleted_when`",
)


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """A record, what the API would be asked for it, and why not."""

    incoming: Incoming
    claim: Claim
    request: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    #: What is unlikely of it, or left out, if it is sent.
    warnings: tuple[MappingWarning, ...] = ()
    #: What its stream lacks, whatever becomes of it.
    stream_warnings: tuple[MappingWarning, ...] = ()
    #: How it was read.
    lead: Lead | None = None
    #: The label of the account that it is for; None for the only one.
    account: str | None = None

    def says_something_else(self, decision: Decision) -> bool:
        """Return whether it differs from what was delivered; what a broken stream map hides, nobody knows."""
        return decision is Decision.SKIP_CHANGED and self.incoming.failure is None


class RecordPreparer:
    """Prepares records for sending, as the settings say."""

    def __init__(self, settings: TargetSettings, *, looks_back: bool = True) -> None:
        self._defaults = settings.defaults
        self._dates = settings.dates
        self._needs_key = settings.dedupe_by is DedupeBy.KEY
        self._accounts = AccountsOfRecords(settings)
        #: Whether the keys that earlier versions gave a record are wanted: a ledger has them, a file does not.
        self._looks_back = looks_back

    def prepare(self, incoming: Incoming, now: datetime) -> PreparedRecord:
        """Return what a record asks for."""
        lead = read_lead(incoming.record, self._defaults, self._dates, now)
        reasons = (incoming.failure,) if incoming.failure else _reasons(lead)
        if not reasons and holds_its_key_alone(incoming.source) and examine(lead.mapped.request, now).violations:
            reasons = (_KEY_ALONE,)
        account = self._accounts.of(incoming)
        if account.reason and not incoming.failure:
            reasons = (account.reason, *reasons)
        identity = account.identifier.identify(
            incoming, lead.mapped.request, can_be_sent=not reasons, looks_back=self._looks_back
        )
        claim = Claim(
            key=identity.key,
            content=identity.content,
            stream=incoming.stream,
            is_replay=incoming.source.is_replay,
            spares_unknown=incoming.source.spares_unknown,
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
        f"stream `{stream}` has no key: a corrected row is a new lead",
        "Set `__key_properties__` in `stream_maps`, or --key of `seeker-leads send`",
    )


@lru_cache(maxsize=256)
def _no_key_property(stream: str, name: str) -> MappingWarning:
    return MappingWarning(
        None,
        f"stream `{stream}`: its key property `{name}` is missing, so records are known by what they say",
        "Look for a byte order mark or another case in the column's name, or declare another key",
    )


def _reasons(lead: Lead) -> tuple[Reason, ...]:
    reasons = []
    for violation in lead.violations:
        source = ", ".join(f"`{name}`" for name in lead.source_of(violation))
        cure = f"{violation.cure} (it came from {source})" if source else violation.cure
        reasons.append(Reason(violation.field, violation.rule, cure, f"from {source}" if source else None))
    return tuple(reasons)
