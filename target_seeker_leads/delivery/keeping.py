"""Keeps a record that was not created: writes its dead letter, then its row in the ledger."""

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

    from target_seeker_leads.dead_letters import DeadLetters
    from target_seeker_leads.delivery.prepared_record import PreparedRecord
    from target_seeker_leads.delivery.report import Report
    from target_seeker_leads.delivery.sending import Sent
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.settings import TargetSettings

_LONGEST_REQUEST_ID = 200

#: The start of a reason that quotes the API; the quote may contain personal data.
API_SAYS = "the API says: "
_FIX = "Fix the record as the API asks, and feed this line again"
_REFUSED_BY_THE_API = Reason(None, "the API refused it", _FIX)
_REFUSED_ALONE = Reason(
    None,
    "it was refused while other leads were accepted",
    "Ask the vendor, or the operator of the firewall or proxy in between, what in this record is refused; then feed"
    " this line again, with or without a fix",
)
#: The first reason of each letter with an unknown outcome.
ANSWER_LOST = Reason(
    None,
    f"the answer to {REQUEST} was lost, so the lead may or may not exist",
    "Look for the lead at the agency before you feed this line again: it is then sent, whether it exists or not",
)


class Keeper:
    """Keeps dead letters and settles claims, from any number of threads."""

    def __init__(
        self,
        settings: TargetSettings,
        ledger: Ledger,
        dead_letters: DeadLetters,
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
        """Keep a record that the API rejected for its content. Raises like `reject`."""
        # The API's message may quote personal data, so it goes into the file and not into the log.
        self._report.count_reasons((_REFUSED_BY_THE_API,))
        self._keep(prepared, _answer_reasons(sent), Status.REJECTED, sent)
        self._count_reject(Result.REJECTED)

    def refuse(self, prepared: PreparedRecord, sent: Sent) -> None:
        """Keep a record that was refused while others were accepted, for an unknown reason. Raises like `reject`."""
        self._report.count_reasons((_REFUSED_ALONE,))
        self._keep(prepared, (_REFUSED_ALONE, *_answer_reasons(sent)), Status.REFUSED, sent)
        self._count_reject(Result.REFUSED)

    def keep_unknown(
        self,
        prepared: PreparedRecord,
        sent: Sent | None = None,
        *,
        resends: int = 0,
        status_if_not_kept: Status | None = None,
    ) -> None:
        """Keep a record whose lead may exist; `status_if_not_kept` is its status if it cannot be kept.

        Raises:
            FatalError: it cannot be kept.
        """
        more = _answer_reasons(sent) if sent and sent.error and sent.end is not End.LOST else prepared.reasons
        self._keep(
            prepared, (ANSWER_LOST, *more), Status.UNKNOWN, sent, resends=resends, status_if_not_kept=status_if_not_kept
        )
        self._report.count(Result.UNKNOWN)

    def settle(
        self, prepared: PreparedRecord, status: Status | None, *, request_id: str | None = None, resends: int = 0
    ) -> None:
        """Write to the ledger how a claim ended; a status of None undoes the claim."""
        if request_id is not None and not (request_id.isprintable() and len(request_id) <= _LONGEST_REQUEST_ID):
            request_id = None  # not a valid id, and PostgreSQL rejects NUL: the rest of the row matters more
        self._ledger.settle(Settlement(prepared.claim, status, request_id, resends))

    def _keep(  # noqa: PLR0913  # the status, and the one to use if the record cannot be kept
        self,
        prepared: PreparedRecord,
        reasons: tuple[Reason, ...],
        status: Status,
        sent: Sent | None = None,
        *,
        resends: int = 0,
        status_if_not_kept: Status | None = None,
    ) -> None:
        # First the file, then the ledger: a crash in between may write a line twice, but loses none.
        request_id = sent.request_id if sent else None
        source = prepared.incoming.source
        letter = DeadLetter(
            source.stream, source.key_properties, source.record, reasons, self._now(), request_id, source.letter_id
        )
        try:
            self._dead_letters.append(letter)
        except (FatalError, StopOrder):
            # A release restores the row of earlier runs, even an unknown outcome; only this call's own must be added.
            self.settle(prepared, status_if_not_kept, resends=resends)
            raise
        self.settle(prepared, status, request_id=request_id, resends=resends)

    def _count_reject(self, result: Result) -> None:
        self._report.count(result)
        rejected, limit = self._report.kept_as_rejects(), self._settings.max_rejects
        if limit is not None and rejected >= limit:
            msg = (
                f"{rejected:,} records were rejected, which is the limit of `max_rejects`; they are kept in"
                f" {self._settings.rejects_path} with their reasons. Fix the mapping or the source"
            )
            raise FatalError(msg)


def _answer_reasons(sent: Sent) -> tuple[Reason, ...]:
    problems = tuple(Reason(name or None, f"{API_SAYS}{reason}", _FIX) for name, reason in sent.problems)
    if sent.end is End.REJECTED:
        return problems or (Reason(None, f"the API refused it: {sent.error}", _FIX),)
    return (Reason(None, str(sent.error), _REFUSED_ALONE.cure), *problems)
