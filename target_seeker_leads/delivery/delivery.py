"""One record on its way: map, validate, claim in the ledger, POST, settle.

    record -> request -> violations? -> ledger -> POST -> settled | dead letter

Whatever happens on the way, a record ends as one of: created, skipped as known, kept in the dead letters. Or it is not
settled at all: then an error ends the run, and no STATE after it is passed on.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from seeker_leads_api.errors import (
    AnswerLostError,
    FatalError,
    RequestRejectedError,
    SeekerLeadsError,
    UnreadableAnswerError,
)
from seeker_leads_api.stopping import StopOrder
from target_seeker_leads.dead_letters import DeadLetter, Reason
from target_seeker_leads.delivery.create_lead import REQUEST, create_lead
from target_seeker_leads.delivery.dry_run import DryRun
from target_seeker_leads.delivery.prepared_record import PreparedRecord, RecordPreparer
from target_seeker_leads.delivery.report import SKIPS, Result
from target_seeker_leads.ledger.ledger import Settlement
from target_seeker_leads.ledger.rules import Decision, Status, UnknownOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_api.client import ApiClient
    from target_seeker_leads.dead_letters import DeadLetterFile
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.delivery.report import Report
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.settings import TargetSettings

#: How often a record that another run is sending right now is looked up again.
WAIT_SECONDS = 0.2
_LONGEST_REQUEST_ID = 200

_MEND = "Mend the record as the API asks, and feed this line again"
_REFUSED = Reason(None, "the API refused it", _MEND)
_ANSWER_LOST = Reason(
    None,
    f"the answer to {REQUEST} was lost, so the lead may or may not exist",
    "Look for it at the agency before you feed this line again: that sends it, whether it exists or not",
)


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Delivery:
    """Delivers records, each on its own, from any number of threads."""

    def __init__(  # noqa: PLR0913  # what a delivery needs, each a part of its own
        self,
        settings: TargetSettings,
        ledger: Ledger,
        dead_letters: DeadLetterFile,
        report: Report,
        client: ApiClient,
        *,
        sleep: Callable[[float], object],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._dead_letters = dead_letters
        self._report = report
        self._client = client
        self._sleep = sleep
        self._now = now
        self._preparer = RecordPreparer(settings)
        self._dry_run = DryRun(settings, ledger, report)

    def deliver(self, incoming: Incoming) -> None:
        """Settle a record.

        Raises:
            FatalError: it is not settled, or it was the last reject that `max_rejects` allows.
        """
        prepared = self._preparer.prepare(incoming, self._now())
        self._report.count_warnings(prepared.stream_warnings)
        if self._settings.dry_run:
            self._dry_run.run(prepared)
            return
        while (decision := self._ledger.claim(prepared.claim)) is Decision.WAIT:
            self._sleep(WAIT_SECONDS)
        if decision in SKIPS:
            self._report.count(SKIPS[decision], is_changed=prepared.says_something_else(decision))
        elif decision is Decision.KEEP_UNKNOWN:
            self._keep(prepared, (_ANSWER_LOST, *prepared.reasons), Status.UNKNOWN)
            self._report.count(Result.UNKNOWN)
        elif prepared.reasons:
            self._reject(prepared, prepared.reasons, shown=prepared.reasons)
        else:
            self._report.count_warnings(prepared.warnings)
            self._send(prepared, is_again=decision is Decision.SEND_AGAIN)

    def _send(self, prepared: PreparedRecord, *, is_again: bool) -> None:
        lost_answers = 0

        def attempt(token: str) -> str | None:
            nonlocal lost_answers
            try:
                return create_lead(self._client, prepared.request, token)
            except AnswerLostError as error:
                lost_answers += 1
                if self._settings.on_unknown_outcome is UnknownOutcome.REJECT:
                    raise _OutcomeUnknown(error) from None
                raise

        try:
            request_id = self._client.retried(attempt)
        except RequestRejectedError as error:
            if is_again or lost_answers:
                # This request created nothing. One before it, of this run or an earlier one, may have.
                self._keep(
                    prepared,
                    (_ANSWER_LOST, *_api_reasons(error)),
                    Status.UNKNOWN,
                    error.request_id,
                    resends=lost_answers,
                    or_else=Status.SENDING if lost_answers else None,
                )
                self._report.count(Result.UNKNOWN, is_sent_again=True)
            else:
                # The API's words may quote the person's data: they go into the file, and not into the log.
                self._reject(prepared, _api_reasons(error), shown=(_REFUSED,), request_id=error.request_id)
        except _OutcomeUnknown:
            self._keep(prepared, (_ANSWER_LOST,), Status.UNKNOWN, or_else=Status.SENDING)
            self._report.count(Result.UNKNOWN, is_sent_again=is_again)
        except (SeekerLeadsError, StopOrder) as error:
            # Known not to have been created; or unknown, which the next run must know.
            unknown = lost_answers + isinstance(error, UnreadableAnswerError)
            self._settle(prepared, Status.SENDING if unknown else None, resends=max(unknown - 1, 0))
            raise
        else:
            self._settle(prepared, Status.DELIVERED, request_id=request_id, resends=lost_answers)
            self._report.count(Result.CREATED, is_sent_again=is_again or lost_answers > 0)

    def _reject(
        self,
        prepared: PreparedRecord,
        reasons: tuple[Reason, ...],
        *,
        shown: tuple[Reason, ...],
        request_id: str | None = None,
    ) -> None:
        self._report.count_reasons(shown)
        self._keep(prepared, reasons, Status.REJECTED, request_id)
        rejected = self._report.count(Result.REJECTED)
        if self._settings.max_rejects is not None and rejected >= self._settings.max_rejects:
            msg = (
                f"{rejected:,} records were rejected, as many as `max_rejects` allows; they are kept in"
                f" {self._settings.rejects_path} with their reasons. Mend the mapping or the source"
            )
            raise FatalError(msg)

    def _keep(  # noqa: PLR0913  # how it ended, and how where that cannot be kept
        self,
        prepared: PreparedRecord,
        reasons: tuple[Reason, ...],
        status: Status,
        request_id: str | None = None,
        *,
        resends: int = 0,
        or_else: Status | None = None,
    ) -> None:
        # First the file, then the ledger: a crash in between writes a line twice, but loses none.
        source = prepared.incoming.source
        letter = DeadLetter(source.stream, source.key_properties, source.record, reasons, self._now(), request_id)
        try:
            self._dead_letters.append(letter)
        except (FatalError, StopOrder):
            # A release brings back what earlier runs left, unknown outcomes too; only one of this call must be added.
            self._settle(prepared, or_else, resends=resends)
            raise
        self._settle(prepared, status, request_id=request_id, resends=resends)

    def _settle(
        self, prepared: PreparedRecord, status: Status | None, *, request_id: str | None = None, resends: int = 0
    ) -> None:
        claim = prepared.claim
        if request_id is not None and not (request_id.isprintable() and len(request_id) <= _LONGEST_REQUEST_ID):
            request_id = None  # no name of a request, and PostgreSQL takes no NUL: the rest of the row counts more
        self._ledger.settle(Settlement(claim.key, claim.content, claim.stream, status, request_id, resends))


class _OutcomeUnknown(Exception):  # noqa: N818  # an outcome, not an error
    """The lead may exist, and it must not be sent again."""


def _api_reasons(error: RequestRejectedError) -> tuple[Reason, ...]:
    problems = tuple(Reason(name or None, f"the API says: {reason}", _MEND) for name, reason in error.problems)
    return problems or (Reason(None, f"the API refused it: {error}", _MEND),)
