"""No personal data and no secret in any output; files that contain them are readable only by their owner."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.client import ApiClient
from seeker_leads_sandbox import Fault, FaultKind, Sandbox
from seeker_leads_singer.command import ending
from tests.log_privacy import texts
from tests.private_values import CLIENT_ID, OPTIONS, PASSWORD, SECRET, TOKEN
from tests.singer_input import SCHEMA, lead, record, state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner

#: An API that repeats the contents of the request.
QUOTING_ANSWER = (
    '{"type": "x", "title": "Jane Dupont7 is blocked", "status": 400, "detail": "lead of jane.dupont7@example.com",'
    ' "errors": [{"name": "email", "reason": "jane.dupont7@example.com: Bonjour, je voudrais visiter le bien n° 7"}]}'
)

#: The same where no lead was sent: personal data appears only in forms that redaction recognises.
MARKED = (
    '{"type": "x", "title": "Seeker \'Jane Dupont7\' is blocked", "status": 400,'
    ' "detail": "jane.dupont7@example.com, +33 6 12 34 00 07, «Bonjour, je voudrais visiter», Bearer '
    + TOKEN
    + '", "errors": [{"name": "email", "reason": "\'jane.dupont7@example.com\'"}],'
    ' "error": "Jane Dupont7", "error_description": "Jane Dupont7"}'
)

#: Attributes that every log record has.
PLAIN = frozenset(vars(logging.makeLogRecord({}))) - {"msg", "args"}


class AllOutput(logging.Handler):
    """Collects all that is logged, warned of or raised, with all attributes of log records."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.texts: list[str] = []
        self.logger_names: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.logger_names.add(record.name)
        error = logging.Formatter().formatException(record.exc_info) if record.exc_info else ""
        carried = {name: value for name, value in vars(record).items() if name not in PLAIN}
        self.texts += [record.getMessage(), repr(carried), error]

    def collect(self, run: Callable[[], Any]) -> None:
        """Run something; collect an exception as the user would see it."""
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            try:
                result = run()
            except Exception as error:  # noqa: BLE001  # any that would end the command
                self.texts.append(ending(error)[0])
            else:
                self.texts.append(str(result.error or "no error"))
        self.texts += [str(warning.message) for warning in warned]


@pytest.fixture
def all_output() -> Iterator[AllOutput]:
    """Collect everything from the root logger at DEBUG, including urllib3 and the SDK."""
    root, all_output = logging.getLogger(), AllOutput()
    before = root.level
    root.addHandler(all_output)
    root.setLevel(logging.DEBUG)
    yield all_output
    root.removeHandler(all_output)
    root.setLevel(before)


def faults(words: str, **where: Any) -> list[Fault]:
    """Return every kind of fault, once temporary and once permanent; some bodies contain the given words."""
    kinds: list[dict[str, Any]] = [
        *({"kind": FaultKind.STATUS, "status": status} for status in (301, 400, 401, 403, 404, 429, 500, 503)),
        *({"kind": FaultKind.STATUS, "status": status, "body": words} for status in (200, 400, 401, 403, 404, 500)),
        {"kind": FaultKind.STATUS, "status": 200, "body": f"<html>{words}</html>", "content_type": "text/html"},
        *({"kind": kind} for kind in FaultKind if kind not in {FaultKind.STATUS, FaultKind.TIMEOUT}),
    ]
    # A permanent time-out passes only with the second try, and each of them takes a second.
    time_out = Fault(FaultKind.TIMEOUT, **where)
    return [time_out, *(Fault(**where, **kind, times=times) for kind in kinds for times in (1, None))]


def patience(fault: Fault) -> dict[str, Any]:
    """Return settings that allow a second of silence, only if silence is tested."""
    return {"request_timeout_seconds": 1} if fault.kind is FaultKind.TIMEOUT else {}


ROWS = [
    record(1),
    record(2, email="jane.dupont2(at)example.com"),
    record(3, mobile="call Jane at home"),
    record(4, classified_id="jane-dupont4", language="Dupontish", gender="Jane", created_at="Dupont's birthday"),
    record(5, message=None, phone={"number": ["Jane Dupont5"]}),
    record(6, last_name="Dupont6" * 50, first_name={"Jane": "Dupont6"}),
]


@dataclass
class Stage:
    """Runs tap and target through all errors, and collects their output."""

    run_tap: TapRunner
    run_target: TargetRunner
    sandbox: Sandbox
    all_output: AllOutput

    def target(self, messages: Any, **config: Any) -> None:
        settings = {**self._account, "dedupe_by": "none", **config}
        self.all_output.collect(lambda: self.run_target(messages, **settings))

    def tap(self, **config: Any) -> None:
        settings = {"start_date": "2026-11-16", **self._account, **config}
        self.all_output.collect(lambda: self.run_tap(**settings))

    @property
    def _account(self) -> dict[str, Any]:
        return {
            "auth_token": None,
            "client_id": CLIENT_ID,
            "client_secret": SECRET,
            "auth_url": self.sandbox.token_url,
            "max_retries": 1,
        }

    def faults(self) -> None:
        """Run every fault, with every path that a request can take."""
        for fault in faults(QUOTING_ANSWER, path="/leads", method="POST"):
            self.sandbox.script(fault)
            policy = "reject" if fault.times else "retry"
            self.target([SCHEMA, record(7), state(1)], on_unknown_outcome=policy, **patience(fault))
        # The other endpoints concern no person: the API's text is shown, redacted, to help.
        for fault in faults(MARKED, path="/leads", method="GET"):
            self.sandbox.script(fault)
            self.tap(**patience(fault))
        for fault in faults(MARKED, path="/oauth/token"):
            self.sandbox.script(fault)
            if fault.times:
                self.target([SCHEMA, record(7), state(1)], token_cache=False)
            else:
                self.tap(token_cache=False, **patience(fault))
        self.sandbox.script()

    def bad_input(self) -> None:
        """Run bad records, bad lines, bad messages, and bad leads of the API."""
        self.target([SCHEMA, *ROWS, state({"jane": "Dupont"})])
        self.target([SCHEMA, *ROWS], dry_run=True)
        self.target([SCHEMA, *ROWS], max_rejects=1)
        for line in (
            b'{"jane.dupont8@example.com',
            b'"Jane Dupont8"',
            b'{"type": "Jane Dupont8"}',
            b"\xff Jane Dupont8",
        ):
            self.target([SCHEMA, record(8), line])
        self.target([SCHEMA, {"type": "RECORD", "stream": "Jane Dupont9", "record": lead(9)}])
        self.target([SCHEMA, {"type": "RECORD", "stream": "leads", "record": ["Jane Dupont9"]}])
        self.target([{**SCHEMA, "schema": {"Jane": "Dupont9"}}])
        self.target([{**record(9), "reasons": "Jane Dupont9", "key_properties": ["id"]}])
        odd = {"metadata": {"leadId": "odd", "ingestionDate": 1_795_410_000}, "contactRequest": "Jane"}
        self.sandbox.add_leads(leads=[odd])
        self.tap()

    def stream_maps(self) -> None:
        """Run failing stream maps, in both plugins."""
        for expression in (
            "int(message)",
            "email + 1",
            "nothing.at.all",
            "contactRequest['Jane']",
            "1/0",
            "name(",
            "''",
        ):
            maps = {"leads": {"x": expression, "__filter__": "email or message or contactRequest"}}
            self.target([SCHEMA, *ROWS], stream_maps=maps)
            self.tap(stream_maps=maps, stream_map_config={})

    def settings(self) -> None:
        """Run invalid settings, states and paths."""
        for config in (
            {"ledger_url": f"postgresql://app:{PASSWORD}@127.0.0.1:1/leads"},
            {"ledger_url": f"postgresql://app:{PASSWORD}@b@127.0.0.1/leads"},
            {"ledger_url": f"mysql://app:{PASSWORD}@127.0.0.1/leads"},
            {"defaults": {"lastName": "Jane Dupont9" * 100}},
            {"stream_map_config": "Jane Dupont9"},
            {"client_secret": {"x": SECRET}},
            {"auth_token": TOKEN},
            {"auth_token": TOKEN, "client_id": None, "client_secret": None, "auth_url": TOKEN},
            {"rejects_path": str(self.run_target.folder)},
            {"max_rejects": "Jane Dupont9"},
        ):
            self.target([SCHEMA, *ROWS], **config)
            self.tap(**{name: value for name, value in config.items() if name not in {"ledger_url", "defaults"}})
        for value in ("Jane Dupont9", {"bookmarks": {"leads": {"replication_key_value": "Jane Dupont9"}}}):
            self.tap(state=value)

    def unforeseen(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run with a dead server, and with a bug of our own whose message quotes the lead."""
        self.sandbox.stop()
        self.target([SCHEMA, *ROWS])
        self.tap()

        def fail(_: ApiClient, path: str, body: Any, *, token: str) -> None:
            raise ValueError(path, body, token)

        monkeypatch.setattr(ApiClient, "post", fail)
        self.target([SCHEMA, *ROWS])


@pytest.mark.parametrize("sandbox_options", [OPTIONS], indirect=True)
def test_nothing_private_is_ever_shown(
    run_tap: TapRunner,
    run_target: TargetRunner,
    sandbox: Sandbox,
    all_output: AllOutput,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Through every fault and error at DEBUG, tap and target show no personal data and no secret.

    The test searches all logs with all attributes of their records, metrics, warnings, errors and final messages.
    """
    monkeypatch.setenv("LOGLEVEL", "DEBUG")
    stored = sandbox.store.all()
    stage = Stage(run_tap, run_target, sandbox, all_output)
    stage.faults()
    stage.bad_input()
    stage.stream_maps()
    stage.settings()
    stage.unforeseen(monkeypatch)

    assert all_output.logger_names >= {
        "urllib3.connectionpool",
        "singer_sdk.metrics",
        "target-seeker-leads",
        "tap-seeker-leads",
    }
    assert len(all_output.texts) > 20_000
    shown = set(all_output.texts)
    output = "\n".join(shown)
    assert "Unexpected ValueError" in output
    assert all(f"{request}: no answer within 1 s" in output for request in ("POST /leads", "GET /leads", "POST /token"))
    assert "GET /leads answered 500: Seeker '…' is blocked, [e-mail]" in output
    contacts = [[one.get("contactRequest"), (one.get("callDetails") or {}).get("seekerPhoneNumber")] for one in stored]
    # The values of enums are not personal data.
    people = {text for contact in contacts for text in texts(contact) if len(text) > 4 and not text.isupper()}
    assert len(people) > 400
    people |= {text for row in ROWS for text in texts(row["record"])}
    people -= {lead(1)["classified_id"], lead(1)["created_at"]}
    secrets = {*sandbox.issued_tokens, SECRET, TOKEN, PASSWORD}
    assert len(secrets) > 20
    words = {"Jane", "jane", "Dupont", "visiter", "12 34"}
    assert [one for value in people | secrets | words if value in output for one in shown if value in one] == []
