"""Asks the API, lead by lead, whether the leads that two cycles did not read still exist.

A 404 alone proves nothing: a wrong account gets it for every lead. So before and after each hundred requests, the API
must return ten leads that were read recently, each with its own id, and not all of them erased. Otherwise the command
ends, and deletes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from seeker_leads_api.errors import FatalError
from seeker_leads_cli.retention.findings import is_overdue
from seeker_leads_cli.retention.presence import Presence, presence_of
from seeker_leads_cli.retention.proof import NOT_TRUSTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from seeker_leads_api.client import ApiClient
    from seeker_leads_api.stoppable_pool import StoppablePool
    from seeker_leads_cli.retention.leads import Leads

BATCH = 100
PROBES = 10

#: The leads that were asked for; the table exists as long as the connection.
ASKED = sa.Table(
    "seeker_leads_asked",
    sa.MetaData(),
    sa.Column("lead_id", sa.Text, primary_key=True),
    sa.Column("account", sa.Text),
    sa.Column("is_gone", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_erased", sa.Boolean, nullable=False, server_default=sa.false()),
    schema="pg_temp",
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True)
class Verified:
    """The result of a verification, in leads."""

    asked: int
    gone: int
    left: int = 0  #: overdue leads that were not asked for: too few leads were read recently


class LeadLookup:
    """Asks whether the API has leads, with as many requests at once as `pool` has threads."""

    def __init__(self, client: ApiClient, pool: StoppablePool) -> None:
        self._client = client
        self._pool = pool

    def look_up(self, lead_ids: Sequence[str]) -> list[Presence]:
        """Return for each lead whether the API has it.

        Raises:
            FatalError: an answer that is neither the lead nor the API's own 404.
        """
        return list(self._pool.map(self._presence, lead_ids))

    def _presence(self, lead_id: str) -> Presence:
        path = f"/leads/{quote(lead_id, safe='')}"

        def attempt(token: str) -> Presence:
            with self._client.limiter.attempt():
                response = self._client.get(path, {}, token=token)
            return presence_of(lead_id, response.status_code, response.content)

        return self._client.retried(attempt)


def verify(connection: sa.Connection, leads: Leads, lookup: LeadLookup, *, now: datetime, cutoff: datetime) -> Verified:
    """Ask for every lead that was last read before `cutoff`; the table `ASKED` then shows which are gone or erased.

    Raises:
        FatalError: a lead that must exist does not, or the API does not answer.
    """
    connection.execute(CreateTable(ASKED))
    overdue = sa.select(*leads.key).where(is_overdue(leads, cutoff), sa.or_(leads.ttl.is_(None), leads.ttl > now))
    connection.execute(ASKED.insert().from_select(["lead_id", "account"], overdue.distinct()))
    probes = _recently_read(connection, leads, cutoff, now)
    asked = connection.execute(sa.select(sa.func.count()).select_from(ASKED)).scalar_one()
    connection.commit()  # no transaction stays open during the requests
    if asked and len(probes) < PROBES:
        return Verified(0, 0, asked)
    gone = 0
    for number, batch in enumerate(_batches(connection)):
        if not number:
            _check_probes(lookup, probes)
        found = lookup.look_up(batch)
        _check_probes(lookup, probes)
        for presence, column in ((Presence.GONE, ASKED.c.is_gone), (Presence.ERASED, ASKED.c.is_erased)):
            lead_ids = [lead_id for lead_id, each in zip(batch, found, strict=True) if each is presence]
            connection.execute(sa.update(ASKED).values({column: True}).where(ASKED.c.lead_id.in_(lead_ids)))
        connection.commit()
        gone += found.count(Presence.GONE)
    return Verified(asked, gone)


def _recently_read(connection: sa.Connection, leads: Leads, cutoff: datetime, now: datetime) -> list[str]:
    recent = sa.select(leads.key[0]).where(leads.extracted_at >= cutoff, leads.ttl > now, sa.not_(leads.is_erased))
    newest_first = recent.order_by(leads.extracted_at.desc().nulls_last()).limit(PROBES)
    return list(connection.execute(newest_first).scalars())


def _batches(connection: sa.Connection) -> Iterator[list[str]]:
    last = ""
    while True:
        following = sa.select(ASKED.c.lead_id).where(ASKED.c.lead_id > last).order_by(ASKED.c.lead_id).limit(BATCH)
        batch = list(connection.execute(following).scalars())
        connection.commit()
        if not batch:
            return
        yield batch
        last = batch[-1]


def _check_probes(lookup: LeadLookup, probes: Sequence[str]) -> None:
    found = set(lookup.look_up(probes))
    if Presence.GONE in found or Presence.PRESENT not in found:
        raise FatalError(NOT_TRUSTED)
