"""The programs that read leads: how each is started, where it writes them, and how it continues."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.contenders import WEEK_SECONDS
from benchmarks.inputs import BIN, TOKEN, json_file, tap_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.contenders import Command

PEERS = Path(__file__).resolve().parents[1] / "peers"


@dataclass(frozen=True, slots=True)
class Task:
    """Leads of a period to read, with as many attempts as it takes."""

    api_url: str
    start: int  #: Unix seconds
    end: int
    is_limited: bool
    folder: Path  #: what the program keeps from attempt to attempt, and a folder for each of these
    environment: Path | None  #: with the peers

    @property
    def root_url(self) -> str:
        """The root of the API's paths."""
        return self.api_url.removesuffix("/seeker-leads/v1")

    @property
    def attempts(self) -> list[Path]:
        """The folders of the attempts so far, in order."""
        return sorted(self.folder.glob("attempt-*"))

    def program(self, name: str) -> Path:
        """Return the path of a peer's program.

        Raises:
            ValueError: there is no environment with the peers.
        """
        if self.environment is None:
            message = f"{name} needs the environment of the peers"
            raise ValueError(message)
        return self.environment / "bin" / name


@dataclass(frozen=True, slots=True)
class Reader:
    """One program that reads leads."""

    name: str
    title: str
    command: Callable[[Task], Command]
    lead_id: tuple[str, ...]  #: path of the lead's id in a line of its output
    output: str = "attempt-*/stdout.jsonl"  #: pattern of the files that it wrote, in the folder of the task
    variables: Mapping[str, str] = field(default_factory=dict)

    def lead_ids(self, task: Task) -> Iterator[str]:
        """Yield the id of each lead that the program wrote in all attempts, as often as it wrote it."""
        for file in sorted(task.folder.glob(self.output)):
            for line in _lines(file):
                value: Any = line
                for name in self.lead_id:
                    value = value.get(name) or {}
                if value:
                    yield value


def _ours(task: Task) -> Command:
    config = tap_config(task.api_url, task.start, is_limited=task.is_limited)
    return [
        BIN / "tap-seeker-leads",
        *("--config", json_file(task.folder / "config.json", config)),
        *_singer_state(task),
    ]


def _msdk(task: Task) -> Command:
    config: dict[str, Any] = json.loads((PEERS / "tap_rest_api_msdk" / "config.json").read_text("utf-8"))
    config["api_url"] = task.root_url
    schema = str(PEERS / "tap_rest_api_msdk" / "schema.json")
    # It does not know windows, so each week is a stream. Weeks since 1970 have the same name in each run, so that the
    # state of a stream is found again.
    first = task.start - task.start % WEEK_SECONDS
    config["streams"] = [
        {
            "name": f"leads_{week // WEEK_SECONDS}",
            "schema": schema,
            "params": {
                "minDate": max(week, task.start),
                "maxDate": min(week + WEEK_SECONDS - 1, task.end),
                "limit": 100,
            },
        }
        for week in range(first, task.end, WEEK_SECONDS)
    ]
    return [
        task.program("tap-rest-api-msdk"),
        *("--config", json_file(task.folder / "config.json", config)),
        *_singer_state(task),
    ]


def _airbyte(task: Task, *, retry_incomplete_pages: bool = True) -> Command:
    config = {
        "api_url": task.api_url,
        "auth_token": TOKEN,
        "start": task.start,
        "end": task.end,
        "rate_limit_requests": 10 if task.is_limited else 1000,
    }
    manifest = PEERS / "airbyte" / "manifest.yaml"
    if not retry_incomplete_pages:
        content = yaml.safe_load(manifest.read_text("utf-8"))
        handler = content["streams"][0]["retriever"]["requester"]["error_handler"]
        handler["response_filters"] = [each for each in handler["response_filters"] if each["action"] != "RETRY"]
        manifest = json_file(task.folder / "manifest.yaml", content)
    # Like a Singer tap, it prints states, of which a platform keeps the newest.
    states = [line["state"] for line in _printed(task) if line.get("type") == "STATE"]
    return [
        *(task.program("source-declarative-manifest"), "read"),
        *("--manifest-path", manifest),
        *("--catalog", PEERS / "airbyte" / "catalog.json"),
        *("--config", json_file(task.folder / "config.json", config)),
        *(("--state", json_file(task.folder / "state.json", states[-1:])) if states else ()),
    ]


def _dlt(task: Task) -> Command:
    span = [str(task.start), str(task.end)]
    return [task.program("python"), PEERS / "dlt" / "leads.py", task.api_url, *span, task.folder]


OURS = Reader("ours", "tap-seeker-leads", _ours, ("record", "leadId"))
READERS = (
    OURS,
    Reader("msdk", "tap-rest-api-msdk", _msdk, ("record", "metadata_leadId")),
    Reader(
        "dlt",
        "dlt, REST API source",
        _dlt,
        ("metadata__lead_id",),
        output="out/leads/leads/*.jsonl",
        variables={"NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true", "RUNTIME__DLTHUB_TELEMETRY": "false"},
    ),
    Reader("airbyte", "Airbyte low-code CDK", _airbyte, ("record", "data", "leadId")),
)
#: As above, without the filter in its manifest that asks again for a page that is not JSON.
AIRBYTE_UNFILTERED = Reader(
    "airbyte-unfiltered",
    "Airbyte low-code CDK",
    partial(_airbyte, retry_incomplete_pages=False),
    ("record", "data", "leadId"),
)


def _singer_state(task: Task) -> Command:
    """Return the option with the newest STATE that was printed in earlier attempts, which is what a runner keeps."""
    states = [line["value"] for line in _printed(task) if line.get("type") == "STATE"]
    return ["--state", json_file(task.folder / "state.json", states[-1])] if states else []


def _printed(task: Task) -> Iterator[dict[str, Any]]:
    for attempt in task.attempts:
        yield from _lines(attempt / "stdout.jsonl")


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                value = json.loads(line)
            except ValueError:
                # The line during which the program was killed, which no loader can read either.
                continue
            if isinstance(value, dict):
                yield value
