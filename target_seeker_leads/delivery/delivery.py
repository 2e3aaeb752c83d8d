"""Delivers one record: map, validate, claim in the ledger, POST, settle.

    record -> set aside? -> request -> violations? -> ledger -> POST -> settled | dead letter | held

Whatever happens, a record ends as one of: set aside, created, skipped as known, kept as a dead letter. If it cannot be
settled, an error ends the run, and no STATE after it is passed on.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError, SeekerLeadsError, StoppedError
from target_seeker_leads.delivery.columns_used import ColumnsUsed
from target_seeker_leads.delivery.dry_run import DryRun
from target_seeker_leads.delivery.failure_action import MAX_FAILURES_IN_A_ROW, Action, Failure
from target_seeker_leads.delivery.keeping import Keeper
from target_seeker_leads.delivery.prepared_record import PreparedRecord, RecordPreparer
from target_seeker_leads.delivery.recipient import Recipient
from target_seeker_leads.delivery.report import SKIPS, Result
from target_seeker_leads.delivery.sending import End, Limits, Sent, send
from target_seeker_leads.delivery.set_aside import why_set_aside
from target_seeker_leads.ledger.rules import Decision, Status, UnknownOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seeker_leads_api.client import ApiClient
    from target_seeker_leads.dead_letters import DeadLetters
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.delivery.report import Report
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.settings import TargetSettings

#: How long to wait before asking again for a record that another run is sending.
WAIT_SECONDS = 0.2
#: After this long, a run says what it waits for: the other run may be suspended, and would be waited for without end.
REPORTED_WAIT_SECONDS = 60.0


def _now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, slots=True)
class _Failed:
    """A record that was not created, as far as is known, and the callback for when it is settled."""

    prepared: PreparedRecord
    sent: Sent
    settled: Callable[[], object]
    failure: Failure
    was_tried_before: bool  #: by an earlier run, which failed too


class Delivery:
    """Delivers records, each on its own, from any number of threads."""

    def __init__(  # noqa: PLR0913  # the parts that a delivery needs
        self,
        settings: TargetSettings,
        ledger: Ledger,
        dead_letters: DeadLetters,
        report: Report,
        clients: Sequence[ApiClient],
        *,
        sleep: Callable[[float], object],
        warn: Callable[[str], object],
        now: Callable[[], datetime] = _now,
        on_result: Callable[[Incoming, Result], object] | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._report = report
        #: By label.
        self._recipients: dict[str | None, Recipient[_Failed]] = {
            account.label: Recipient(account, client)
            for account, client in zip(settings.accounts, clients, strict=True)
        }
        self._sleep = sleep
        self._warn = warn
        self._is_wait_reported = False
        self._now = now
        #: Called for each record that is settled without a dead letter.
        self._on_result = on_result
        self._preparer = RecordPreparer(settings)
        self._dry_run = DryRun(settings, ledger, report)
        self._keeper = Keeper(settings, ledger, dead_letters, report, now)
        #: Why records were left for the next run. As text, because an error would keep the record in memory.
        self._left: list[str] = []
        #: Columns of `deleted_when` that no record has had so far.
        self._unseen_columns = {mark.column for mark in settings.deleted_when}
        self._columns = ColumnsUsed(settings.stream_maps, account_field=settings.account_field)

    def deliver(self, incoming: Incoming, settled: Callable[[], object]) -> None:
        """Settle a record and call `settled`: now, or later if the results of other records decide its action.

        Raises:
            FatalError: it could not be settled, or it was the last reject that `max_rejects` allows.
        """
        if self._unseen_columns:
            self._unseen_columns.difference_update(incoming.source.record)
        if result := why_set_aside(incoming, self._settings.deleted_when):
            self._count(incoming, result)
        else:
            prepared = self._preparer.prepare(incoming, self._now())
            self._report.count_warnings(prepared.stream_warnings)
            if prepared.lead and incoming.failure is None:
                self._columns.note(incoming, prepared.lead)
            if self._settings.dry_run:
                self._dry_run.run(prepared)
            elif not self._is_settled(prepared, settled):
                return
        settled()

    def unseen_columns(self) -> list[str]:
        """Return the columns of `deleted_when` that no record had."""
        return sorted(self._unseen_columns)

    def unused_columns(self) -> list[str]:
        """Return a line for each stream with columns that were not used."""
        return self._columns.lines()

    def finish(self) -> None:
        """Settle the held records, once all others are settled.

        Raises:
            FatalError: a record could not be settled: no lead was accepted since, or its answer was lost.
        """
        left = list(self._left)
        for recipient in self._recipients.values():
            keep, leave = recipient.held.end(self._were_others_accepted_since)
            self._keep_failed(keep)
            left += [f"{recipient.account.place}{failed.sent.error}" for failed in leave]
        if left:
            others = f". The next run tries this record again, and {len(left) - 1:,} more" if len(left) > 1 else ""
            msg = f"{left[0]}{others}"
            raise FatalError(msg)

    def _were_others_accepted_since(self, failed: _Failed) -> bool:
        # Between the tries of this run, others may have been accepted before an outage began.
        has_earlier_tries = failed.was_tried_before or failed.failure is Failure.LOST_TOO_OFTEN
        return has_earlier_tries and self._ledger.others_were_accepted(failed.prepared.claim)

    def _is_settled(self, prepared: PreparedRecord, settled: Callable[[], object]) -> bool:
        if not prepared.reasons and (stopped_by := self._recipients[prepared.account].stopped_by):
            self._left.append(stopped_by)
            return False
        decision = self._claim(prepared)
        if decision in SKIPS:
            self._count(prepared.incoming, SKIPS[decision], is_changed=prepared.has_changed(decision))
        elif decision is Decision.KEEP_UNKNOWN:
            self._keeper.keep_unknown(prepared)
        elif prepared.reasons:
            self._keeper.reject(prepared)
        else:
            self._report.count_warnings(prepared.warnings)
            return self._send(prepared, decision, settled)
        return True

    def _count(self, incoming: Incoming, result: Result, *, is_changed: bool = False) -> None:
        self._report.count(result, is_changed=is_changed)
        if self._on_result:
            self._on_result(incoming, result)

    def _claim(self, prepared: PreparedRecord) -> Decision:
        waited_seconds = 0.0
        while (decision := self._ledger.claim(prepared.claim)) is Decision.WAIT:
            self._sleep(WAIT_SECONDS)
            waited_seconds += WAIT_SECONDS
            if waited_seconds >= REPORTED_WAIT_SECONDS and not self._is_wait_reported:
                self._is_wait_reported = True
                self._warn(
                    f"Another run has been sending a record of this run for more than {REPORTED_WAIT_SECONDS:.0f}"
                    " seconds, and this run waits for it: if that run is suspended or hangs, continue or end it"
                )
        return decision

    def _send(self, prepared: PreparedRecord, decision: Decision, settled: Callable[[], object]) -> bool:
        """Send a record, and settle it; return whether it is settled."""
        recipient = self._recipients[prepared.account]
        is_again = decision is Decision.SEND_AGAIN
        left = self._ledger.resends_left(prepared.claim)
        was_tried_before = self._ledger.was_tried_before(prepared.claim)
        is_strict = self._settings.on_unknown_outcome is UnknownOutcome.REJECT
        # A record that reached its limit, or is already kept, is tried once by each run.
        is_single_try = decision is Decision.TRY_ONCE or (left < 0 and not prepared.claim.is_replay)
        limits = Limits(0 if is_strict else max(left, 0), is_single_try=is_single_try)
        sent = send(recipient.client, prepared.request, limits, recipient.held.begin)
        self._report.count_resends(sent.resends + (is_again and sent.was_posted))
        may_exist = is_again or sent.lost_answers > 0
        match sent.end:
            case End.CREATED:
                self._keeper.settle(prepared, Status.DELIVERED, request_id=sent.request_id, resends=sent.resends)
                self._count(prepared.incoming, Result.CREATED)
                self._keep_failed(recipient.held.accepted(sent.began_at))
                return True
            case End.REJECTED if may_exist:
                # This request created nothing, but an earlier one, of this run or another, may have.
                self._keeper.keep_unknown(prepared, sent, resends=sent.resends, status_if_not_kept=_unsettled(sent))
                return True
            case End.REJECTED:
                self._keeper.reject_as_answered(prepared, sent)
                return True
            case End.LOST if is_strict and not sent.is_unreadable:
                self._keeper.keep_unknown(prepared, sent, status_if_not_kept=Status.SENDING)
                return True
            case End.REFUSED if decision is Decision.TRY_ONCE:
                self._keeper.settle(prepared, None)
                self._count(prepared.incoming, Result.REFUSED_BEFORE)
                return True
            case End.STOPPED:
                # It was not created, or that is unknown: then the next run must know this.
                self._keeper.settle(prepared, _unsettled(sent), resends=sent.resends)
                self._stop(recipient, sent.error or AssertionError())
            case _:
                # Write the status that is right if this run ends without learning more.
                status = _unsettled(sent) or (None if is_again else Status.FAILED)
                self._keeper.settle(prepared, status, resends=sent.resends)
                failure = _failure(sent, is_too_often=sent.resends >= left)
                self._handle_failure(_Failed(prepared, sent, settled, failure, was_tried_before=was_tried_before))
        return False

    def _stop(self, recipient: Recipient[_Failed], error: Exception) -> None:
        """Send nothing more to an account. If it is the only one, or after a signal, the run ends.

        Raises:
            Exception: the run must end.
        """
        if not recipient.is_one_of_many or not isinstance(error, SeekerLeadsError) or isinstance(error, StoppedError):
            raise error
        recipient.stopped_by = f"{recipient.account.place}{error}"
        self._left.append(recipient.stopped_by)

    def _handle_failure(self, failed: _Failed) -> None:
        recipient = self._recipients[failed.prepared.account]
        claim = failed.prepared.claim
        since = failed.was_tried_before and self._ledger.others_were_accepted(claim)
        action = recipient.held.failed(failed, claim.key, failed.failure, accepted_since_first_try=since)
        if action is Action.KEEP:
            self._keep_failed([failed])
        if action is Action.STOP:
            msg = (
                f"{failed.sent.error}. {MAX_FAILURES_IN_A_ROW} records in a row failed in this or a similar way, and no"
                " lead was accepted: no single record is at fault. The next run tries them again"
            )
            self._stop(recipient, FatalError(msg))
        if action is Action.LEAVE:
            self._left.append(f"{recipient.account.place}{failed.sent.error}")

    def _keep_failed(self, records: list[_Failed]) -> None:
        """Keep records that are known to be at fault, unless another run has settled them meanwhile."""
        for failed in records:
            claim = dataclasses.replace(failed.prepared.claim, will_send=False)
            prepared = dataclasses.replace(failed.prepared, claim=claim)
            decision = self._claim(prepared)
            if decision in SKIPS:
                self._count(prepared.incoming, SKIPS[decision])
            elif decision is Decision.KEEP_UNKNOWN:
                self._keeper.keep_unknown(prepared, failed.sent)
            else:
                self._keeper.refuse(prepared, failed.sent)
            failed.settled()


def _unsettled(sent: Sent) -> Status | None:
    return Status.SENDING if sent.lost_answers else None


def _failure(sent: Sent, *, is_too_often: bool) -> Failure:
    if sent.end is End.REFUSED:
        return Failure.REFUSED
    return Failure.LOST_TOO_OFTEN if is_too_often else Failure.LOST
