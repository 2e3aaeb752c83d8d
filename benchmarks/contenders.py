"""The contenders: how each is started, and where its leads are written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.inputs import BIN, TOKEN, instant, json_file, tap_config

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
WEEK_SECONDS = 7 * 86_400


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
    rate_limit_url: str | None = None  #: only for our tap


Command: TypeAlias = "list[str | Path]"


@dataclass(frozen=True, slots=True)
class Contender:
    """One program."""

    name: str
    title: str
    command: Callable[[Job], Command]
    lead_id: tuple[str, ...]  #: path of the lead's id in a line of stdout
    is_ours: bool = False


def _ours(job: Job) -> Command:
    config = tap_config(job.api_url, job.start, is_limited=job.is_limited)
    if job.rate_limit_url:
        config["rate_limit_url"] = job.rate_limit_url
    command: Command = [BIN / "tap-seeker-leads", "--config", json_file(job.folder / "config.json", config)]
    if job.is_nothing_new:
        bookmark = {"replication_key": "ingestionDate", "replication_key_value": instant(job.end)}
        command += ["--state", json_file(job.folder / "state.json", {"bookmarks": {"leads": bookmark}})]
    return command


def _bare(job: Job) -> Command:
    return [sys.executable, HERE / "bare_loop.py", job.api_url, str(job.start), str(job.end)]


def _minimal(job: Job) -> Command:
    config = {"api_url": job.api_url, "auth_token": TOKEN, "start": job.start}
    return [sys.executable, HERE / "minimal_tap.py", "--config", json_file(job.folder / "config.json", config)]


def _idle(job: Job) -> Command:  # noqa: ARG001  # it reads nothing
    return [sys.executable, HERE / "idle_tap.py"]


def _import(job: Job) -> Command:  # noqa: ARG001  # as above
    return [sys.executable, "-c", "import singer_sdk, singer_sdk.streams, singer_sdk.tap_base"]


OURS = Contender("ours", "tap-seeker-leads", _ours, ("record", "leadId"), is_ours=True)
BARE = Contender("bare", "bare loop", _bare, ("metadata", "leadId"))
MINIMAL = Contender("minimal", "minimal SDK tap", _minimal, ("record", "metadata", "leadId"))
CONTENDERS = (OURS, BARE, MINIMAL)
#: The SDK's own cost before a tap does anything: measured beside the runs without new leads.
IDLE = Contender("idle", "do-nothing SDK tap", _idle, ())
IMPORT = Contender("import", "importing the SDK", _import, ())
