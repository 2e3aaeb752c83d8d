"""Reads the same leads with dlt, as its manual shows: `dlt_pipeline.py API_URL START END FOLDER`.

It has a resource of weeks, a transformer that reads each week, dlt's own client with retries, and JSON lines in a
folder. dlt's setting EXTRACT__WORKERS sets how many weeks are read at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dlt
from dlt.sources.helpers.requests import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

WEEK_SECONDS = 7 * 86_400


def main(api_url: str, start: int, end: int, folder: Path) -> None:
    """Load every lead of the period into `folder/out/`."""
    client = Client(raise_for_status=False)
    headers = {"Authorization": "Bearer sandbox-token", "User-Agent": "dlt-pipeline/1"}

    def weeks() -> Iterator[dict[str, int]]:
        for first in range(start, end, WEEK_SECONDS):
            yield {"minDate": first, "maxDate": min(first + WEEK_SECONDS, end)}

    def leads(week: dict[str, int]) -> Iterator[list[dict[str, Any]]]:
        params: dict[str, Any] = {**week, "limit": 100}
        while True:
            response = client.get(f"{api_url}/leads", params=params, headers=headers)
            if response.status_code == 404:
                return
            response.raise_for_status()
            page = response.json()
            yield page["items"]
            if "next" not in page["links"]:
                return
            params["start"] = page["items"][-1]["metadata"]["leadId"]

    pipeline = dlt.pipeline(
        "leads",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.filesystem(bucket_url=(folder / "out").as_uri()),
        dataset_name="leads",
    )
    read = dlt.resource(weeks, name="weeks") | dlt.transformer(leads, name="leads", parallelized=True)
    pipeline.run(read, loader_file_format="jsonl").raise_on_failed_jobs()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
