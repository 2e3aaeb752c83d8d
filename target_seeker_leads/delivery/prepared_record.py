"""What a record asks of the API, and what speaks against it: pure, between mapping and delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.identity import Identifier
from target_seeker_leads.ledger.rules import Claim, Decision
from target_seeker_leads.mapping.plausibility.examine import examine
from target_seeker_leads.mapping.record_to_request import to_request, with_defaults
from target_seeker_leads.mapping.validation import MappingWarning

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from target_seeker_leads.delivery.identity import Identity
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.mapping.validation import Violation
    from target_seeker_leads.settings import TargetSettings


@dataclass(frozen=True, slots=True)
class PreparedRecord:
    """A record, what the API would be asked for it, and why not."""

    incoming: Incoming
    claim: Claim
    request: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    #: What is unlikely of it, if it is sent.
    warnings: tuple[MappingWarning, ...] = ()
    #: What its stream lacks, whatever becomes of it.
    stream_warnings: tuple[MappingWarning, ...] = ()

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
        findings = examine(full.request, now)
        reasons = (incoming.failure,) if incoming.failure else _reasons(findings.violations, full.sources)
        identity = self._identifier.identify(incoming, mapped.request, can_be_sent=not reasons)
        claim = Claim(
            key=identity.key,
            content=identity.content,
            stream=incoming.stream,
            is_replay=incoming.source.is_replay,
            will_send=not reasons,
        )
        return PreparedRecord(
            incoming, claim, full.request, reasons, findings.warnings, _stream_warnings(incoming, identity)
        )


def _stream_warnings(incoming: Incoming, identity: Identity) -> tuple[MappingWarning, ...]:
    return tuple(
        MappingWarning(
            None,
            f"stream `{incoming.stream}`: its key property `{name}` is missing, so records are known by what they say",
            "Look for a byte order mark or another case in the column's name, or declare another key",
        )
        for name in identity.missing_key_properties
    )


def _reasons(violations: tuple[Violation, ...], sources: Mapping[str, str]) -> tuple[Reason, ...]:
    reasons = []
    for violation in violations:
        source = sources.get(violation.field) or sources.get(violation.field.partition(".")[0])
        cure = f"{violation.cure} (it came from `{source}`)" if source else violation.cure
        reasons.append(Reason(violation.field, violation.rule, cure))
    return tuple(reasons)
