"""Connects the parts of a run: worker pool, ledger, dead letters, state queue and report."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from seeker_leads_api.clients import close_clients, open_clients
from seeker_leads_api.errors import FatalError, StoppedError
from seeker_leads_api.stopping import StopOrder, Stopping
from target_seeker_leads.dead_letters import DeadLetterFile
from target_seeker_leads.delivery.delivery import Delivery
from target_seeker_leads.delivery.report import Report
from target_seeker_leads.delivery.worker_pool import WorkerPool
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.singer.state_queue import StateQueue

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

    from seeker_leads_api.metrics_file import Metric
    from target_seeker_leads.dead_letters import DeadLetters
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.delivery.report import Result
    from target_seeker_leads.settings import TargetSettings


class Pipeline:
    """Delivers records, and passes each STATE on once all records before it are settled."""

    def __init__(  # noqa: PLR0913  # time and output are injected
        self,
        settings: TargetSettings,
        *,
        user_agent: str,
        logger: logging.Logger,
        pass_on: Callable[[Any], object],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
        dead_letters: DeadLetters | None = None,
        on_result: Callable[[Incoming, Result], object] | None = None,
    ) -> None:
        connection = settings.connection
        self._settings = settings
        self._logger = logger
        stopping = Stopping()
        # The ledger recovers after a stop, so a stop must not end its waits.
        wait_for_the_ledger = sleep or time.sleep
        sleep = sleep or stopping.sleep
        self._pool = WorkerPool(connection.max_concurrent_requests, stopping)
        # A dry run settles nothing, so the source's next run must begin where this one did.
        self._states = StateQueue((lambda _: None) if settings.dry_run else pass_on)
        self._report = Report(connection.requests_per_second, clock=clock)
        self._clients = open_clients(
            settings.accounts,
            settings.rate_limit_scope,
            user_agent,
            report=logger.warning,
            sleep=sleep,
            clock=clock,
        )
        # Opened after everything that can reject a setting, so that it is never left open.
        self._ledger = Ledger.open(
            settings.ledger_url,
            settings.on_unknown_outcome,
            settings.max_resends,
            read_only=settings.dry_run,
            sleep=wait_for_the_ledger,
        )
        if self._ledger.is_new:
            logger.warning(
                "The ledger %s is new, so no lead counts as sent yet. If this is not your first run, check that"
                " `ledger_url` names storage that outlives the run: a container's own disk does not",
                self._ledger.shown_location,
            )
        self._dead_letters = dead_letters or DeadLetterFile(settings.rejects_path, clock=clock, sleep=sleep)
        self._delivery = Delivery(
            settings,
            self._ledger,
            self._dead_letters,
            self._report,
            self._clients,
            sleep=stopping.sleep,
            warn=logger.warning,
            on_result=on_result,
        )

    def take(self, incoming: Incoming) -> None:
        """Deliver a record in the pool; blocks while the pool is full.

        Raises:
            FatalError: the run must end; the record is not delivered.
        """
        settled = partial(self._states.settled, self._states.record())
        self._pool.submit(partial(self._delivery.deliver, incoming, settled))
        if line := self._report.progress():
            self._logger.info(line)

    def state(self, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Pass a STATE on as soon as every record before it is settled."""
        self._states.state(value)

    def metrics(self) -> list[Metric]:
        """Return the metrics of the run so far."""
        return self._report.metrics()

    def stop(self, signal_number: int) -> None:
        """Start no further delivery; `take`, `drain` and `finish` raise StoppedError. For signal handlers."""
        self._pool.stop(StoppedError(signal_number))

    def drain(self) -> None:
        """Wait until every record is settled.

        Raises:
            FatalError: a record could not be settled.
        """
        self._pool.drain()

    def finish(self) -> None:
        """Settle all records once the input has ended, and check the results.

        Raises:
            FatalError: a record could not be settled, or all were rejected.
        """
        self.settle()
        if rejected := self._report.all_rejected():
            kept = (
                ""
                if self._settings.dry_run
                else f" They are kept, with their reasons, in {self._settings.rejects_path}"
            )
            msg = f"All {rejected:,} records were rejected: the mapping is wrong.{kept}"
            raise FatalError(msg)

    def settle(self) -> None:
        """Settle all records, held ones too.

        Raises:
            FatalError: a record could not be settled.
        """
        self._pool.drain()
        for column in self._delivery.unseen_columns() if self._report.has_records() else ():
            self._logger.warning("`deleted_when` names `%s`, but no record of this run has this column", column)
        try:
            self._delivery.finish()
        except StopOrder:
            self._pool.drain()  # raises the error that caused the stop
            raise

    def close(self) -> None:
        """Wait for deliveries under way, close all files, and log the summary."""
        self._pool.close()
        close_clients(self._clients)
        self._ledger.close()
        self._dead_letters.close()
        for line in [*self._report.summary(dry_run=self._settings.dry_run), *self._delivery.unused_columns()]:
            self._logger.info(line)
        for line in self._report.warnings():
            self._logger.warning(line)
        if not self._settings.dry_run:
            self._logger.info("Ledger: %s", self._ledger.shown_location)
        if unrecorded := self._ledger.unrecorded_deliveries:
            self._logger.warning(
                "%s leads were delivered but could not be written to the ledger: the next run may send them again, so"
                " look at the agency first",
                f"{unrecorded:,}",
            )
        if self._dead_letters.count:
            self._logger.warning("Rejects, each with its reasons: %s", self._settings.rejects_path)
