"""The contenders: how each is started, and where its leads are written."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
TOKEN = "sandbox-token"
WEEK_SECONDS = 7 * 86_400
_WORKERS = 5  # dlt's own default


@dataclass(frozen=True, slots=True)
class Job:
    """One run: which leads of which sandbox, and a folder for its files."""

    api_url: str
    root_url: str
    start: int  #: Unix seconds
    end: int
    is_limited: bool
    is_nothing_new: bool
    folder: Path
    peers: Path | None  #: the environment of the peers
    rate_limit_url: str | None = None  #: only for our tap


Command: TypeAlias = "list[str | Path]"


@dataclass(frozen=True, slots=True)
class Contender:
    """One program; `cannot` names the cases that it cannot run, and why."""

    name: str
    title: str
    command: Callable[[Job], Command]
    #: Path of the lead's id in a line of stdout, or of the files that match `output` in the folder.
    lead_id: tuple[str, ...]
    output: str = "stdout.jsonl"
    is_ours: bool = False
    is_peer: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    cannot: Mapping[str, str] = field(default_factory=dict)


def _ours(job: Job) -> Command:
    config: dict[str, Any] = {"api_url": job.api_url, "auth_token": TOKEN, "start_date": _instant(job.start)}
    if not job.is_limited:
        config["rate_limit_requests"] = 1000
    if job.rate_limit_url:
        config["rate_limit_url"] = job.rate_limit_url
    command: Command = [_program("tap-seeker-leads"), "--config", _write(job.folder / "config.json", config)]
    if job.is_nothing_new:
        bookmark = {"replication_key": "ingestionDate", "replication_key_value": _instant(job.end)}
        command += ["--state", _write(job.folder / "state.json", {"bookmarks": {"leads": bookmark}})]
    return command


def _bare(job: Job) -> Command:
    return [sys.executable, HERE / "bare_loop.py", job.api_url, str(job.start), str(job.end)]


def _minimal(job: Job) -> Command:
    config = {"api_url": job.api_url, "auth_token": TOKEN, "start": job.start}
    return [sys.executable, HERE / "minimal_tap.py", "--config", _write(job.folder / "config.json", config)]


def _dlt(job: Job) -> Command:
    span = [str(job.start), str(job.end)]
    return [_peer(job, "python"), HERE / "dlt_pipeline.py", job.api_url, *span, job.folder]


def _rest_api_msdk(job: Job) -> Command:
    weeks = range(job.start, job.end, WEEK_SECONDS)
    config = {
        "api_url": job.root_url,
        "path": job.api_url.removeprefix(job.root_url) + "/leads",
        "auth_method": "bearer_token",
        "bearer_token": TOKEN,
        "records_path": "$.items[*]",
        "next_page_token_path": "$.links.next",
        "pagination_request_style": "jsonpath_paginator",
        "pagination_response_style": "hateoas_body",
        # It does not support windows, so each window is a stream.
        "streams": [
            {
                "name": f"leads_{week}",
                "primary_keys": ["metadata_leadId"],
                "params": {"minDate": week, "maxDate": min(week + WEEK_SECONDS, job.end), "limit": 100},
            }
            for week in weeks
        ],
    }
    return [_peer(job, "tap-rest-api-msdk"), "--config", _write(job.folder / "config.json", config)]


def _idle(job: Job) -> Command:  # noqa: ARG001  # it reads nothing
    return [sys.executable, HERE / "idle_tap.py"]


def _import(job: Job) -> Command:  # noqa: ARG001  # as above
    return [sys.executable, "-c", "import singer_sdk, singer_sdk.streams, singer_sdk.tap_base"]


def _dlt_environment(workers: int) -> dict[str, str]:
    return {
        "EXTRACT__WORKERS": str(workers),
        "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
        "RUNTIME__DLTHUB_TELEMETRY": "false",
    }


_DLT_OUTPUT = "out/leads/leads/*.jsonl"
OURS = Contender("ours", "tap-seeker-leads", _ours, ("record", "leadId"), is_ours=True)
BARE = Contender("bare", "bare loop", _bare, ("metadata", "leadId"))
MINIMAL = Contender("minimal", "minimal SDK tap", _minimal, ("record", "metadata", "leadId"))
CONTENDERS = (
    OURS,
    BARE,
    MINIMAL,
    Contender(
        "dlt",
        "dlt, sequential",
        _dlt,
        ("metadata__lead_id",),
        output=_DLT_OUTPUT,
        is_peer=True,
        environment=_dlt_environment(1),
    ),
    Contender(
        "dlt-workers",
        f"dlt, {_WORKERS} workers",
        _dlt,
        ("metadata__lead_id",),
        output=_DLT_OUTPUT,
        is_peer=True,
        environment=_dlt_environment(_WORKERS),
    ),
    Contender(
        "rest-api-msdk",
        "tap-rest-api-msdk",
        _rest_api_msdk,
        ("record", "metadata_leadId"),
        is_peer=True,
        cannot={
            "sparse": "it stops at the first week without leads, which the API answers with 404",
            "nothing": "as for sparse: without new leads, the answer is a 404",
        },
    ),
)
#: The SDK's own cost before a tap does anything: measured beside the runs without new leads.
IDLE = Contender("idle", "do-nothing SDK tap", _idle, ())
IMPORT = Contender("import", "importing the SDK", _import, ())


def _program(name: str) -> Path:
    return Path(sys.executable).with_name(name)


def _peer(job: Job, program: str) -> Path:
    if job.peers is None:
        message = f"{program} needs the environment of the peers"
        raise ValueError(message)
    return job.peers / "bin" / program


def _instant(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(second))


def _write(file: Path, content: Any) -> Path:
    file.write_text(json.dumps(content), encoding="utf-8")
    return file
