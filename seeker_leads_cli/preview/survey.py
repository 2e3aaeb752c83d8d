"""Prepares each record as the target does, and counts the results instead of sending them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from seeker_leads_cli.preview.repeats import RowOutcome
from target_seeker_leads.delivery.prepared_record import RecordPreparer
from target_seeker_leads.delivery.set_aside import why_set_aside
from target_seeker_leads.mapping.map_columns import columns_behind
from target_seeker_leads.settings import DedupeBy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_cli.preview.columns import Columns
    from seeker_leads_cli.preview.repeats import Repeats
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.settings import TargetSettings


class Survey:
    """Takes the place of a run's pipeline: it takes the same records and sends none."""

    def __init__(self, settings: TargetSettings, columns: Columns, repeats: Repeats) -> None:
        self.columns = columns
        self.outcomes: Counter[RowOutcome] = Counter()
        #: Why -> number of records that are not meant to become leads.
        self.set_aside: Counter[str] = Counter()
        #: Field and rule -> number of records that were rejected for it.
        self.reasons: Counter[tuple[str | None, str]] = Counter()
        #: Field and rule -> number of records that would be sent anyway.
        self.warnings: Counter[tuple[str | None, str]] = Counter()
        #: Streams with records -> whether each has a key.
        self.streams: dict[str, bool] = {}
        self.settings = settings
        self._preparer = RecordPreparer(settings, with_history=False)
        self._may_repeat = settings.dedupe_by is not DedupeBy.NONE
        self._behind: dict[str, Mapping[str, frozenset[str]]] = {}
        self._repeats = repeats
        self._now = datetime.now(timezone.utc)

    @property
    def rows(self) -> int:
        """The number of records."""
        return self.outcomes.total() + self.set_aside.total()

    def take(self, incoming: Incoming) -> None:
        """Count a record."""
        source = incoming.source
        if source.stream not in self._behind:
            self._add_stream(incoming)
        if result := why_set_aside(incoming, self.settings.deleted_when):
            self.set_aside[result.value] += 1
            return
        prepared = self._preparer.prepare(incoming, self._now)
        reasons = {(reason.field, reason.rule) for reason in prepared.reasons}
        outcome = RowOutcome.REJECTED if reasons else RowOutcome.SENDABLE
        if self._may_repeat:
            outcome = self._repeats.add(prepared.claim.key, is_sendable=not reasons)
        self.outcomes[outcome] += 1
        if outcome is RowOutcome.REJECTED:
            self.reasons.update(reasons)
        warnings = prepared.stream_warnings if incoming.key_properties else ()
        if outcome is RowOutcome.SENDABLE:
            warnings += prepared.warnings
        self.warnings.update({(warning.field, warning.rule) for warning in warnings})
        if prepared.lead and incoming.failure is None:
            self.columns.take(prepared.lead, source.record, self._behind[source.stream])

    def state(self, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Do nothing: no state is passed on."""

    def _add_stream(self, incoming: Incoming) -> None:
        source = incoming.source
        self._behind[source.stream] = behind = columns_behind(self.settings.stream_maps, source.stream)
        self.streams[source.stream] = bool(incoming.key_properties)
        for name in source.record:
            column = self.columns[name]
            if name in source.key_properties:
                column.role = "key"
            elif name in behind.get("__filter__", ()):
                column.role = "filter"
