"""How a record ends that is not created: its dead letter, then its row in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError
from seeker_leads_api.stopping import StopOrder
from target_seeker_leads.dead_letters import DeadLetter, Reason
from target_seeker_leads.delivery.create_lead import REQUEST
from target_seeker_leads.delivery.report import Result
from target_seeker_leads.delivery.sending import End
from target_seeker_leads.ledger.rules import Settlement, Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from target_seeker_leads.dead_letters import DeadLetterFile
    from target_seeker_leads.delivery.prepared_record import PreparedRecord
    from target_seeker_leads.delivery.report import Report
    from target_seeker_leads.delivery.sending import Sent
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.settings import TargetSettings

_LONGEST_REQUEST_ID = 200

_FIX = "Fix the record as the API asks, and feed this line again"
_REFUSED_BY_THE_API = Reason(None, "the API refused it", _FIX)
_REFUSED_ALONE = Reason(
    None,
    "it was refused while other leads were accepted",
    "Ask the vendor, or who runs the firewall or proxy in between, what in this record is refused; then feed this line"
    " again, fixed or not",
)
_ANSWER_LOST = Reason(
    None,
    f"the answer to {REQUEST} was lost, so the lead may or may not exist",
    "Look for it at the agency before you feed this line again: that sends it, whether it exists or not",
)


class Keeper:
    """Keeps dead letters and settles claims, from any number of threads."""

    def __init__(
        self,
        settings: TargetSettings,
        ledger: Ledger,
        dead_letters: DeadLetterFile,
        report: Report,
        now: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._dead_letters = dead_letters
        self._report = report
        self._now = now

    def reject(self, prepared: PreparedRecord) -> None:
        """Keep a record that breaks the contract.

        Raises:
            FatalError: it cannot be kept, or it was the last reject that `max_rejects` allows.
        """
        self._report.count_reasons(prepared.reasons)
        self._keep(prepared, prepared.reasons, Status.REJECTED)
        self._count_reject(Result.REJECTED)

    def reject_as_answered(self, prepared: PreparedRecord, sent: Sent) -> None:
        """Keep a record that the API refuses for what it says. Raises as `reject` does."""
        # The API's words may quote the person's data: they go into the file, and not into the log.
        self._report.count_reasons((_REFUSED_BY_THE_API,))
        self._keep(prepared, _answer_reasons(sent), Status.REJECTED, sent)
        self._count_reject(Result.REJECTED)

    def refuse(self, prepared: PreparedRecord, sent: Sent) -> None:
        """Keep a record that alone was refused, without the API's word why. Raises as `reject` does."""
        self._report.count_reasons((_REFUSED_ALONE,))
        self._keep(prepared, (_REFUSED_ALONE, *_answer_reasons(sent)), Status.REFUSED, sent)
        self._count_reject(Result.REFUSED)

    def keep_unknown(
        self, prepared: PreparedRecord, sent: Sent | None = None, *, resends: int = 0, or_else: Status | None = None
    ) -> None:
        """Keep a record whose lead may exist; `or_else` is its status where it cannot be kept.

        Raises:
            FatalError: it cannot be kept.
        """
        more = _answer_reasons(sent) if sent and sent.error and sent.end is not End.LOST else prepared.reasons
        self._keep(prepared, (_ANSWER_LOST, *more), Status.UNKNOWN, sent, resends=resends, or_else=or_else)
        self._report.count(Result.UNKNOWN)

    def settle(
        self, prepared: PreparedRecord, status: Status | None, *, request_id: str | None = None, resends: int = 0
    ) -> None:
        """Write down in the ledger how a claim ended; None: as if it had not been."""
        if request_id is not None and not (request_id.isprintable() and len(request_id) <= _LONGEST_REQUEST_ID):
            request_id = None  # no name of a request, and PostgreSQL takes no NUL: the rest of the row counts more
        self._ledger.settle(Settlement(prepared.claim, status, request_id, resends))

    def _keep(  # noqa: PLR0913  # how it ended, and how where that cannot be kept
        self,
        prepared: PreparedRecord,
        reasons: tuple[Reason, ...],
        status: Status,
        sent: Sent | None = None,
        *,
        resends: int = 0,
        or_else: Status | None = None,
    ) -> None:
        # First the file, then the ledger: a crash in between writes a line twice, but loses none.
        request_id = sent.request_id if sent else None
        source = prepared.incoming.source
        letter = DeadLetter(source.stream, source.key_properties, source.record, reasons, self._now(), request_id)
        try:
            self._dead_letters.append(letter)
        except (FatalError, StopOrder):
            # A release brings back what earlier runs left, unknown outcomes too; only one of this call must be added.
            self.settle(prepared, or_else, resends=resends)
            raise
        self.settle(prepared, status, request_id=request_id, resends=resends)

    def _count_reject(self, result: Result) -> None:
        self._report.count(result)
        rejected, limit = self._report.kept_as_rejects(), self._settings.max_rejects
        if limit is not None and rejected >= limit:
            msg = (
                f"{rejected:,} records were rejected, as many as `max_rejects` allows; they are kept in"
                f" {self._settings.rejects_path} with their reasons. Fix the mapping or the source"
            )
            raise FatalError(msg)


def _answer_reasons(sent: Sent) -> tuple[Reason, ...]:
    problems = tuple(Reason(name or None, f"the API says: {reason}", _FIX) for name, reason in sent.problems)
    if sent.end is End.REJECTED:
        return problems or (Reason(None, f"the API refused it: {sent.error}", _FIX),)
    return (Reason(None, str(sent.error), _REFUSED_ALONE.cure), *problems)
