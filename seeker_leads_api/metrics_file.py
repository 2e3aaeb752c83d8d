"""Metrics of one run: the Prometheus text format, and the file that contains it."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seeker_leads_api.declarations import setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seeker_leads_api import contract

METRICS_SETTINGS: dict[str, contract.JsonSchema] = {
    "metrics_path": setting(
        "string",
        "Metrics file",
        "Path of the file to which a run writes its metrics at the end, in the Prometheus text format, such as"
        " `/var/lib/node_exporter/tap.prom`. It contains no personal data, and all users may read it. Use a separate"
        " file for each plugin. If not set, no metrics are written.",
    ),
}
#: The node exporter's collector runs as another user, and the numbers contain no personal data.
_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Metric:
    """One gauge: `values` maps each value of the label to a number, or None to the number of a gauge without labels."""

    name: str
    help: str
    values: Mapping[str | None, float]
    label: str = ""  #: the name of the label; its values are fixed words of this package, never a user's data


def gauge(name: str, text: str, value: float) -> Metric:
    """Return a gauge without labels."""
    return Metric(name, text, {None: value})


def as_text(metrics: Iterable[Metric]) -> str:
    """Return the metrics in the Prometheus text format."""
    lines: list[str] = []
    for metric in metrics:
        lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} gauge"]
        for value_of_label, value in metric.values.items():
            labels = "" if value_of_label is None else f'{{{metric.label}="{value_of_label}"}}'
            lines.append(f"{metric.name}{labels} {float(value):.15g}")
    return "".join(f"{line}\n" for line in lines)


def write_metrics(path: str, metrics: Iterable[Metric]) -> str | None:
    """Replace the file atomically, with mode 0644; return a warning if that fails, because metrics never fail a run."""
    try:
        file = Path(path).expanduser()
        if file.exists() and not file.is_file():  # root would replace /dev/null for all programs of the machine
            return "`metrics_path` is not a file, so this run has no metrics: name a file, or remove the setting"
        # The name does not end with `.prom`, so that the collector does not read the unfinished file. It is new each
        # time: every run of a container has the same process ID, and would find the file that a killed run left.
        unfinished = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(unfinished, flags, _MODE), "w", encoding="utf-8") as handle:
                os.fchmod(handle.fileno(), _MODE)  # independent of the umask
                handle.write(as_text(metrics))
            unfinished.replace(file)
        except BaseException:
            with contextlib.suppress(OSError):
                unfinished.unlink()
            raise
    except (OSError, RuntimeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return f"`metrics_path` cannot be written ({reason}), so this run has no metrics: make its folder writable"
    return None
