"""What a record asks of the API, and what speaks against it: pure, between mapping and delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.identity import Identifier
from target_seeker_leads.ledger.rules import Claim, Decision
from target_seeker_leads.mapping.record_to_request import to_request, with_defaults
from target_seeker_leads.mapping.validation import violations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.settings import TargetSettings


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """A record, what the API would be asked for it, and why not."""

    incoming: Incoming
    claim: Claim
    request: Mapping[str, Any]
    reasons: tuple[Reason, ...]

    def says_something_else(self, decision: Decision) -> bool:
        """Tell whether it does than when it was delivered; what a broken stream map hides, nobody knows."""
        return decision is Decision.SKIP_CHANGED and self.incoming.failure is None


class RecordPreparer:
    """Makes orders of records, as the settings say."""

    def __init__(self, settings: TargetSettings) -> None:
        self._defaults = settings.defaults
        self._identifier = Identifier.of(settings)

    def prepare(self, incoming: Incoming, now: datetime) -> PreparedRecord:
        """Return what a record asks for."""
        mapped = to_request(incoming.record)
        full = with_defaults(mapped, self._defaults, now)
        reasons = (incoming.failure,) if incoming.failure else _reasons(full.request, full.sources)
        identity = self._identifier.identify(incoming, mapped.request, can_be_sent=not reasons)
        claim = Claim(
            key=identity.key,
            content=identity.content,
            stream=incoming.stream,
            is_replay=incoming.source.is_replay,
            will_send=not reasons,
        )
        return PreparedRecord(incoming, claim, full.request, reasons)


def _reasons(request: Mapping[str, Any], sources: Mapping[str, str]) -> tuple[Reason, ...]:
    reasons = []
    for violation in violations(request):
        source = sources.get(violation.field) or sources.get(violation.field.partition(".")[0])
        cure = f"{violation.cure} (it came from `{source}`)" if source else violation.cure
        reasons.append(Reason(violation.field, violation.rule, cure))
    return tuple(reasons)
