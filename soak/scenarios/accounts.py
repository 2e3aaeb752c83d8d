"""Reading many accounts while one is refused, one fails and one is slow, with kills."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from soak.faults.api import API, NamedFault, choose_faults, inject, stop_faults
from soak.faults.dialects import choose_dialect
from soak.faults.kills import Kill, choose_kill
from soak.promises import check_files, check_log, check_states
from soak.rounds import Place, Round, Scenario
from soak.waiting import LONGEST_SECONDS
from tests.killed_runs import KilledRuns, days_ago
from tests.log_privacy import values_of

if TYPE_CHECKING:
    import random


@dataclass(frozen=True)
class Choices:
    """The random choices of a round."""

    options: SandboxOptions
    refused: str  #: the agency whose credentials are refused
    failing: str  #: the agency whose requests are always answered 500
    slow: str
    faults: tuple[NamedFault, ...]  #: of all agencies
    kills: tuple[tuple[Kill, bool], ...]  #: whether it waits for the next STATE
    arrivals: int


def choose(rng: random.Random) -> Choices:
    """Choose a round."""
    accounts = rng.choice([4, 12, 30])
    options = SandboxOptions(
        accounts=accounts,
        leads=rng.choice([300, 1500]),
        days=rng.choice([20, 90]),
        latency_ms=10,
        enforce_limit=rng.random() < 0.5,
        seed=rng.getrandbits(32),
        **choose_dialect(rng),
    )
    refused, failing, slow = rng.sample([f"agency-{number}" for number in range(1, accounts + 1)], 3)
    return Choices(
        options,
        refused,
        failing,
        slow,
        choose_faults(rng, API),
        tuple((choose_kill(rng, requests=100, seconds=2.0), rng.random() < 0.3) for _ in range(3)),
        rng.randint(0, 30),
    )


def play(choices: Choices, place: Place) -> Round:
    """Read all accounts but two, and then those two."""
    done, runs = Round(), KilledRuns(place.folder, log_level="DEBUG")
    accounts = [f"agency-{number}" for number in range(1, choices.options.accounts + 1)]
    lasting = (
        NamedFault(
            "account: refused", Fault(FaultKind.STATUS, path="/oauth/token", account=choices.refused, status=403)
        ),
        NamedFault("account: 500", Fault(FaultKind.STATUS, account=choices.failing)),
        NamedFault("account: slow", Fault(FaultKind.SLOW, account=choices.slow, delay_ms=200)),
    )
    with Sandbox.start(choices.options) as sandbox:
        runs.configure_accounts(
            sandbox,
            {account: account for account in accounts},
            start_date=days_ago(choices.options.days + 2),
            max_retries=3,
        )
        inject(sandbox, (*lasting, *choices.faults))
        for kill, at_state in choices.kills:
            runs.run(kill.moment(sandbox), end_by=kill.by, at_state=at_state, patience_seconds=LONGEST_SECONDS)
            done.kills[f"tap of many accounts: {kill.by.name}"] += runs.statuses[-1] in {-kill.by, 128 + kill.by}
        sandbox.add_leads(ingestion_dates=[int(time.time()) - 2] * choices.arrivals, account=choices.slow)
        done.faults += stop_faults(sandbox, choices.faults)
        inject(sandbox, lasting)
        began, said_before = time.monotonic(), len(runs.log)
        runs.run(patience_seconds=LONGEST_SECONDS)
        done.recovery_seconds = time.monotonic() - began
        done.faults.update(each.name for each in lasting)
        last = runs.log[said_before:]
        lost = _lost(sandbox, {*accounts} - {choices.refused, choices.failing}, runs)
        done.promise("accounts that fail end alone, and the run ends with 1", is_kept=runs.statuses[-1] == 1)
        are_named = choices.refused in last and choices.failing in last
        done.promise("accounts that fail are named", is_kept=are_named)
        done.promise("no lead of another account is lost", is_kept=not lost, detail=len(lost))
        sandbox.script()
        done.promise(
            "a run without disturbance succeeds",
            is_kept=runs.run(patience_seconds=LONGEST_SECONDS),
            detail=runs.log[-600:],
        )
        lost = _lost(sandbox, {*accounts}, runs)
        done.promise("no lead is lost", is_kept=not lost, detail=len(lost))
        check_log(done, runs.log, values_of(sandbox))
    done.figures.update(
        {
            "runs": len(runs.statuses),
            "leads read": len(runs.reads),
            "leads lost": len(lost),
            "STATEs": len(runs.states),
        }
    )
    done.promise("each lead once a run", is_kept=runs.twice_in_a_run == 0, detail=runs.twice_in_a_run)
    check_states(done, runs.states)
    check_files(done, place.folder)
    return done


def _lost(sandbox: Sandbox, accounts: set[str], runs: KilledRuns) -> set[str]:
    return set().union(*(sandbox.store_of(account).ids() for account in accounts)) - set(runs.reads)


SCENARIO = Scenario(choose, play, needs_postgres=False)
