"""Writes the metrics of a run at its end, whether it succeeds or fails."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from seeker_leads_api.metrics_file import Metric, gauge, write_metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


@contextlib.contextmanager
def written_at_the_end(
    path: str | None,
    prefix: str,
    of_run: Callable[[], Iterable[Metric]],
    *,
    now: Callable[[], float],
    report: Callable[[str], object],
) -> Iterator[None]:
    """Write the metrics of the run within this context when it ends, unless `path` is None.

    `of_run` returns the plugin's own metrics at the end; `now` returns Unix seconds. If the file cannot be written,
    `report` gets a warning, and the result of the run does not change.
    """
    began = now()
    is_success = False
    try:
        yield
        is_success = True
    finally:
        if path is not None:
            ended = now()
            metrics = [
                gauge(f"{prefix}_run_success", "1 if the last run succeeded, else 0.", is_success),
                gauge(f"{prefix}_run_end_timestamp_seconds", "When the last run ended, in Unix seconds.", ended),
                gauge(f"{prefix}_run_duration_seconds", "How long the last run took.", ended - began),
                *of_run(),
            ]
            if warning := write_metrics(path, metrics):
                report(warning)
