"""The sandbox as a separate process, so that it does not share an interpreter with the contenders."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.inputs import BIN, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.cases import Case

COMMAND = BIN / "seeker-leads-sandbox"


@dataclass(frozen=True, slots=True)
class Traffic:
    """The server's statistics since the last reset."""

    requests: int
    span_seconds: float  #: from the first request to the last
    refused: int  #: answered 429
    bad: int  #: answered 400
    max_in_flight: int
    over_limit: int  #: started more than 20 ms, the sandbox's jitter, before the limit allowed it

    @property
    def requests_per_second(self) -> float:
        """The rate at which requests were started: n of them have n - 1 intervals."""
        return (self.requests - 1) / self.span_seconds if self.span_seconds else 0.0


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that is ready."""

    api_url: str

    @property
    def root_url(self) -> str:
        """The root of the API's paths."""
        return self.api_url.removesuffix("/seeker-leads/v1")

    def traffic(self) -> Traffic:
        """Return the statistics since the last reset."""
        with urllib.request.urlopen(f"{self.root_url}/_sandbox/stats", timeout=30) as answer:
            seen = json.load(answer)
        return Traffic(
            requests=seen["requests"],
            span_seconds=(seen["last_start"] - seen["first_start"]) if seen["requests"] > 1 else 0.0,
            refused=seen["by_status"].get("429", 0),
            bad=seen["by_status"].get("400", 0),
            max_in_flight=seen["max_in_flight"],
            over_limit=seen["over_limit_beyond_jitter"],
        )

    def reset(self) -> None:
        """Reset the statistics."""
        self._post("stats/reset", None)

    def fail(self, faults: Sequence[Mapping[str, Any]]) -> None:
        """Replace the scripted faults by these."""
        self._post("faults", faults)

    def add(self, leads: Sequence[Mapping[str, Any]]) -> None:
        """Add leads in the API's format."""
        self._post("leads", {"leads": leads})

    def created(self) -> list[dict[str, Any]]:
        """Return the bodies of the POSTs that created leads."""
        with urllib.request.urlopen(f"{self.root_url}/_sandbox/created", timeout=30) as answer:
            bodies: list[dict[str, Any]] = json.load(answer)["items"]
        return bodies

    def page(self, start: int, end: int) -> list[dict[str, Any]]:
        """Return the first leads of a period, in the API's format."""
        request = urllib.request.Request(
            f"{self.api_url}/leads?minDate={start}&maxDate={end}",
            headers={"Authorization": f"Bearer {TOKEN}", "User-Agent": "bench/1"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            leads: list[dict[str, Any]] = json.load(answer)["items"]
        return leads

    def _post(self, path: str, content: Any) -> None:
        request = urllib.request.Request(
            f"{self.root_url}/_sandbox/{path}",
            data=json.dumps(content).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        urllib.request.urlopen(request, timeout=30).close()


@contextmanager
def running_sandbox(case: Case, latency_ms: float) -> Iterator[RunningSandbox]:
    """Serve the leads of a case on a free port."""
    traits = ["--latency-ms", str(latency_ms)] if case.is_limited else ["--no-limit"]
    spread = ["--leads", str(case.leads), "--days", str(case.days), "--accounts", str(case.accounts)]
    with subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--no-access-log", *spread, *traits], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            # The sandbox prints this first line, with the URL, when it is ready.
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                message = "the sandbox did not start"
                raise RuntimeError(message)
            yield RunningSandbox(line.split()[1])
        finally:
            process.terminate()
