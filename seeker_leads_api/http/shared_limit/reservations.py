"""The table that stores the limit, and the only statement that reserves starts and slots in it.

It uses reservations instead of a token bucket such as pyrate-limiter's for PostgreSQL: that one reached 94 % of the
limit, let requests start too close together, and does not limit the number in flight.

`seeker_leads_rate_limit` has one row for each limit, without personal data and secrets:

    key             text, primary key   SHA-256 (hex) of the API's URL and the client's id
    starts          double precision[]  when the latest requests start, in ascending order
    not_before      double precision    the API answered 429: no request starts earlier; 0: there is no pause
    runs            jsonb               each run that shares the limit, by its own id, see below
    granted         integer             how many starts, the last of `starts`, the last statement reserved
    asked_at        double precision    when the last statement was carried out
    requests        integer             the limit that counts now: the smallest of all runs'
    period_seconds  double precision    as above: the longest period
    at_once         integer             as above: the maximum number of requests in flight

Instants are Unix seconds by the server's clock. A run has `beat` (when it last polled), `held` (its slots: requests in
flight, or about to start), `wants` (further slots that it waits for), `since` (since when it has waited for its share;
null if it has it), and its own `requests`, `period_seconds` and `at_once`. A run that has not polled for
`LEASE_SECONDS` is dead, and its slots are free.

A single statement locks the row and computes the result. So no client holds the lock while it computes, is frozen or
dies, and each statement sees what the one before it has written.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Double, Integer, MetaData, String, Table, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from seeker_leads_api.http.rate_limiter import Limit

if TYPE_CHECKING:
    from sqlalchemy import Connection, TextClause

#: A run that has been silent for this long is dead. Its requests have usually been answered by then.
LEASE_SECONDS = 2.0
#: A pause that ends later than this comes from a clock that was set back. See the API's longest pause in `retries.py`.
_LONGEST_PAUSE_SECONDS = 300.0
#: Requests are sent with different delays, so two of them may get this much closer together.
_MARGIN_SECONDS = 0.002
#: The minimum time between two starts, as a share of even spacing.
_STEP = 0.2

TABLE = Table(
    "seeker_leads_rate_limit",
    MetaData(),
    Column("key", String(64), primary_key=True),
    Column("starts", ARRAY(Double), nullable=False),
    Column("not_before", Double, nullable=False),
    Column("runs", JSONB, nullable=False),
    Column("granted", Integer, nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("period_seconds", Double, nullable=False),
    Column("at_once", Integer, nullable=False),
)

_RESERVE = """
UPDATE {table} AS kept
SET (starts, not_before, runs, granted, asked_at, requests, period_seconds, at_once) = (
  SELECT
    -- As many as the largest limit of a run looks back on.
    (known.starts || new.starts)[greatest(1, cardinality(known.starts) + taken.slots - runs.longest + 1):],
    pause.not_before,
    runs.others || jsonb_build_object(CAST(:run AS text), jsonb_build_object(
      'beat', clock.now, 'held', :held + taken.slots, 'wants', :wants - taken.slots,
      'since', CASE WHEN mine.lacks > taken.slots THEN mine.since END,
      'requests', :requests, 'period_seconds', :period_seconds, 'at_once', :at_once)),
    taken.slots, clock.now, runs.requests, runs.period_seconds, runs.at_once
  FROM (SELECT CAST({now} AS double precision) AS now) AS clock
  CROSS JOIN LATERAL (
    SELECT greatest(
      CASE WHEN kept.not_before > clock.now THEN least(kept.not_before, clock.now + {longest_pause}) ELSE 0 END,
      CASE WHEN :pause_seconds > 0 THEN clock.now + :pause_seconds END
    ) AS not_before
  ) AS pause
  -- The other runs that are alive, what they hold, and the limit that satisfies all of them.
  CROSS JOIN LATERAL (
    SELECT
      coalesce(jsonb_object_agg(id, run), '{{}}') AS others,
      coalesce(sum(held), 0) AS held,
      1 + count(*) FILTER (WHERE held + wants > 0) AS busy,
      least(min(requests), :requests) AS requests,
      greatest(max(requests), :requests) AS longest,
      greatest(max(period_seconds), :period_seconds) AS period_seconds,
      least(min(at_once), :at_once) AS at_once
    FROM jsonb_each(kept.runs) AS other(id, run), {run_columns}
    WHERE id <> :run AND abs(clock.now - beat) < {lease}
  ) AS runs
  -- What a run may count on while others want slots, too. Rounded up: runs take turns with what cannot be divided.
  CROSS JOIN LATERAL (SELECT (runs.at_once + runs.busy - 1) / runs.busy AS slots) AS share
  CROSS JOIN LATERAL (
    SELECT
      least(:held + :wants, share.slots) - :held AS lacks,
      coalesce(CAST(kept.runs -> :run ->> 'since' AS double precision), clock.now) AS since
  ) AS mine
  -- What the others lack of their shares, and what is lacked by those of them who come first.
  CROSS JOIN LATERAL (
    SELECT
      coalesce(sum(lacks), 0) AS to_all,
      coalesce(sum(lacks) FILTER (WHERE mine.lacks <= 0 OR since < mine.since), 0) AS to_earlier
    FROM jsonb_each(runs.others) AS other(id, run), {run_columns},
      LATERAL (SELECT least(held + wants, share.slots) - held AS lacks) AS theirs
    WHERE lacks > 0
  ) AS owed
  -- The run's own share in turn, and beyond it only what nobody lacks.
  CROSS JOIN LATERAL (SELECT runs.at_once - runs.held - :held AS slots) AS free
  CROSS JOIN LATERAL (
    SELECT CAST(greatest(0, least(
      :wants, runs.requests, greatest(least(mine.lacks, free.slots - owed.to_earlier), free.slots - owed.to_all)
    )) AS integer) AS slots
  ) AS taken
  -- A start further ahead than all slots together can reserve comes from a clock that was set back.
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(
      least(start, greatest(clock.now, pause.not_before) + runs.period_seconds * (2 + runs.at_once)) ORDER BY n
    ), '{{}}') AS starts
    FROM unnest(kept.starts) WITH ORDINALITY AS before(start, n)
  ) AS known
  -- Each start is a period, and a margin, after the start that comes `requests` before it. That one is known, since a
  -- statement reserves no more than `requests`. And it is a step after the one before it: threads that begin together,
  -- most of all with their first connections, would delay each other.
  CROSS JOIN LATERAL (SELECT runs.period_seconds / runs.requests * {step} AS seconds) AS step
  CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(start ORDER BY n), '{{}}') AS starts
    FROM (
      SELECT n, max(earliest - n * step.seconds) OVER (ORDER BY n) + n * step.seconds AS start
      FROM generate_series(1, taken.slots) AS n
      CROSS JOIN LATERAL (
        SELECT greatest(
          clock.now + :lead_seconds,
          pause.not_before,
          known.starts[cardinality(known.starts)] + step.seconds,
          known.starts[cardinality(known.starts) - runs.requests + n] + runs.period_seconds + {margin}
        ) AS earliest
      ) AS allowed
    ) AS spread
  ) AS new
)
WHERE key = :key
RETURNING granted, asked_at, not_before, requests, period_seconds, at_once,
  starts[cardinality(starts) - granted + 1:] AS starts
"""
_RUN_COLUMNS = (
    "jsonb_to_record(run) AS has(beat double precision, held integer, wants integer, since double precision,"
    " requests integer, period_seconds double precision, at_once integer)"
)
_SERVER_CLOCK = "extract(epoch FROM clock_timestamp())"


@dataclass(frozen=True, slots=True)
class ReservationRequest:
    """What a run holds, and what it requests."""

    held: int  #: slots that it holds
    wants: int  #: further slots, each with a start
    pause_seconds: float  #: the API answered 429: no request of any run may start for this long
    lead_seconds: float  #: the minimum time from the reservation to its first start, for the way of the answer


@dataclass(frozen=True, slots=True)
class Reserved:
    """What the server answers; instants by its clock."""

    starts: tuple[float, ...]  #: one for each slot that was granted
    now: float
    not_before: float
    limit: Limit  #: the smallest of all runs


class Reservations:
    """One run's part in a limit. `now` replaces the server's clock in tests."""

    def __init__(self, table_name: str, key: str, run_id: str, limit: Limit, *, now: str = _SERVER_CLOCK) -> None:
        self._key = key
        self._run_id = run_id
        self._limit = limit
        self._statement = _statement(table_name, now)
        self._table_name = table_name

    def begin(self, connection: Connection) -> None:
        """Create the limit's row if it does not exist."""
        row = {
            "key": self._key,
            "starts": [],
            "not_before": 0.0,
            "runs": {},
            "granted": 0,
            "asked_at": 0.0,
            **asdict(self._limit),
        }
        connection.execute(insert(TABLE).values(row).on_conflict_do_nothing(index_elements=[TABLE.c.key]))

    def reserve(self, connection: Connection, request: ReservationRequest, **more: float) -> Reserved:
        """Report what this run holds, and reserve as much as it may have of what it requests, in one round trip."""
        parameters: dict[str, Any] = {
            "key": self._key,
            "run": self._run_id,
            **asdict(request),
            **asdict(self._limit),
            **more,
        }
        row = connection.execute(self._statement, parameters).one_or_none()
        if row is None:
            self.begin(connection)  # this is the first run, or the row was deleted
            row = connection.execute(self._statement, parameters).one()
        limit = Limit(row.requests, row.period_seconds, row.at_once)
        return Reserved(tuple(row.starts), row.asked_at, row.not_before, limit)

    def end(self, connection: Connection) -> None:
        """Leave the limit; this run's slots become free at once."""
        leave = f"UPDATE {self._table_name} SET runs = runs - :run WHERE key = :key"  # noqa: S608  # our own table's name
        connection.execute(text(leave), {"run": self._run_id, "key": self._key})


def _statement(table_name: str, now: str) -> TextClause:
    return text(
        _RESERVE.format(
            table=table_name,
            now=now,
            lease=LEASE_SECONDS,
            longest_pause=_LONGEST_PAUSE_SECONDS,
            run_columns=_RUN_COLUMNS,
            step=_STEP,
            margin=_MARGIN_SECONDS,
        )
    )
