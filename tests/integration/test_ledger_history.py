"""Any history of a ledger."""

from __future__ import annotations

import tempfile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import HOLDING, Claim, Decision, Status, UnknownOutcome
from tests.ledger_tools import REJECT, claim, crash, rows, settlement


class History(RuleBasedStateMachine):
    """Runs start, end and die in any order, claiming and settling a few keys in any allowed way."""

    KEYS = st.sampled_from("kl")
    ENDS = st.sampled_from([*Status, None])

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"sqlite:///{self.folder.name}/ledger.db"
        self.runs: list[Ledger] = []
        self.policies: dict[Ledger, UnknownOutcome] = {}
        #: What each live run holds, and whether its claim wrote a row.
        self.in_hand: list[dict[str, tuple[Claim, Decision]]] = []
        #: The content of the lead that exists.
        self.delivered: dict[str, str] = {}
        #: What was rejected, and so is in the dead letters.
        self.rejected: set[tuple[str, str]] = set()
        #: A POST was made for it that may have created a lead.
        self.may_exist: set[str] = set()

    @precondition(lambda self: len(self.runs) < 3)
    @rule(policy=st.sampled_from(UnknownOutcome))
    def start(self, policy: UnknownOutcome) -> None:
        self.runs.append(Ledger.open(self.url, policy))
        self.policies[self.runs[-1]] = policy
        self.in_hand.append({})

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), is_kill=st.booleans())
    def end(self, data: st.DataObject, *, is_kill: bool) -> None:
        number = data.draw(st.integers(0, len(self.runs) - 1))
        ledger, in_hand = self.runs.pop(number), self.in_hand.pop(number)
        (crash if is_kill else Ledger.close)(ledger)
        self.may_exist |= {key for key, (held, _) in in_hand.items() if held.will_send}

    @precondition(lambda self: self.runs)
    @rule(
        data=st.data(),
        key=KEYS,
        content=st.sampled_from("ab"),
        is_replay=st.booleans(),
        will_send=st.booleans(),
    )
    def claim(self, data: st.DataObject, key: str, content: str, *, is_replay: bool, will_send: bool) -> None:
        number = data.draw(st.integers(0, len(self.runs) - 1))
        asked = claim(key, content, is_replay=is_replay, will_send=will_send)
        decision = self.runs[number].claim(asked)
        holders = [held[key] for held in self.in_hand if key in held]
        if decision is Decision.WAIT:
            assert holders, "no run holds it"
        if decision in HOLDING:
            assert key not in self.in_hand[number]
            assert not any(held.will_send for held, _ in holders), "two runs hold it"
            assert key not in self.delivered, "sent again though delivered"
        if decision in {Decision.SEND, Decision.TRY_ONCE}:
            assert key not in self.may_exist, "sent as if it were new"
        if decision is Decision.SEND_AGAIN and self.policies[self.runs[number]] is REJECT:
            assert is_replay, "sent again though the policy forbids"
        self.check_skip(decision, asked)
        if decision in HOLDING:
            self.in_hand[number][key] = (asked, decision)

    def check_skip(self, decision: Decision, asked: Claim) -> None:
        """A skip must name where the record is: a wrong one would lose the record."""
        key, content = asked.key, asked.content
        match decision:
            case Decision.SKIP_DELIVERED:
                assert self.delivered.get(key) == content, "skipped as delivered"
            case Decision.SKIP_CHANGED:
                assert key in self.delivered, "skipped as delivered with other content"
                assert self.delivered[key] != content
            case Decision.SKIP_UNKNOWN:
                assert key in self.may_exist - set(self.delivered), "skipped as unknown"
                assert not asked.is_replay
            case Decision.SKIP_REJECTED:
                assert (key, content) in self.rejected, "skipped as rejected"
                assert key not in self.may_exist
                assert not asked.is_replay

    @precondition(lambda self: any(self.in_hand))
    @rule(data=st.data(), end=ENDS)
    def settle(self, data: st.DataObject, end: Status | None) -> None:
        number = data.draw(st.sampled_from([n for n, held in enumerate(self.in_hand) if held]))
        key = data.draw(st.sampled_from(sorted(self.in_hand[number])))
        asked, decision = self.in_hand[number].pop(key)
        if decision is Decision.KEEP_UNKNOWN:
            end = Status.UNKNOWN if end else None
        elif not asked.will_send:
            end = Status.REJECTED if end else None
        self.runs[number].settle(settlement(key, end, asked.content))
        if end is Status.DELIVERED:
            self.delivered[key] = asked.content
        if end in {Status.REJECTED, Status.REFUSED}:
            self.rejected.add((key, asked.content))
        if end in {Status.DELIVERED, Status.SENDING, Status.UNKNOWN} and asked.will_send:
            self.may_exist.add(key)

    @invariant()
    def delivered_stays_delivered(self) -> None:
        if getattr(self, "delivered", None):
            found = dict(rows(self.url, "key, status"))
            assert {found[key] for key in self.delivered} == {"delivered"}

    def teardown(self) -> None:
        for ledger in getattr(self, "runs", []):
            ledger.close()
        if hasattr(self, "url"):
            # No run is left: every key is decided, none is waited for.
            with Ledger.open(self.url, REJECT) as ledger:
                assert Decision.WAIT not in {ledger.claim(claim(key)) for key in "kl"}
            self.folder.cleanup()


TestAnyHistory = History.TestCase
TestAnyHistory.settings = settings(max_examples=40, stateful_step_count=40)
