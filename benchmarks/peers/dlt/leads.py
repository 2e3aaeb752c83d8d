"""The leads with dlt's declarative REST API source: `leads.py API_URL START END FOLDER`.

A resource gives the windows of seven days since the newest lead that was loaded, less two hours; the source reads them
in parallel. dlt's own setting EXTRACT__WORKERS sets how many at once. The leads are written as JSON lines.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dlt
from dlt.sources.rest_api import rest_api_source

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEK_SECONDS = 7 * 86_400
LOOKBACK_SECONDS = 2 * 3_600


def main(api_url: str, start: int, end: int, folder: Path) -> None:
    """Load the leads of the period that have not been loaded yet into `folder/out/`."""

    def weeks() -> Iterator[list[dict[str, int]]]:
        state = dlt.current.resource_state()
        first = max(start, state.get("read_until", start) - LOOKBACK_SECONDS)
        # dlt commits the state together with the leads.
        state["read_until"] = end
        yield [{"minDate": day, "maxDate": min(day + WEEK_SECONDS - 1, end)} for day in range(first, end, WEEK_SECONDS)]

    leads = rest_api_source(
        {
            "client": {
                "base_url": f"{api_url}/",
                "auth": {"type": "bearer", "token": "sandbox-token"},
                "headers": {"User-Agent": "dlt-leads/1"},
            },
            "resources": [
                dlt.resource(weeks, name="weeks", selected=False),
                {
                    "name": "leads",
                    "parallelized": True,
                    "endpoint": {
                        "path": "leads",
                        "params": {
                            "minDate": "{resources.weeks.minDate}",
                            "maxDate": "{resources.weeks.maxDate}",
                            "limit": 100,
                        },
                        "data_selector": "items",
                        "paginator": {"type": "json_link", "next_url_path": "links.next"},
                        # The API answers a period without leads with 404 and a problem body, which has a `title`.
                        "response_actions": [{"status_code": 404, "content": '"title"', "action": "ignore"}],
                    },
                },
            ],
        }
    )
    pipeline = dlt.pipeline(
        "leads",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=(folder / "out").as_uri()),
        dataset_name="leads",
    )
    pipeline.run(leads, loader_file_format="jsonl").raise_on_failed_jobs()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
