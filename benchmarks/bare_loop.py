"""The baseline: one session, json and JSON lines, week after week, nothing else."""

from __future__ import annotations

import json
import sys

import requests

WEEK_SECONDS = 7 * 86_400


def main(api_url: str, start: int, end: int) -> None:
    """Print every lead of the period as a JSON line."""
    session = requests.Session()
    session.headers.update({"Authorization": "Bearer sandbox-token", "User-Agent": "bare-loop/1"})
    while start < end:
        window_end = min(start + WEEK_SECONDS, end)
        params: dict[str, str | int] = {"minDate": start, "maxDate": window_end, "limit": 100}
        while True:
            response = session.get(f"{api_url}/leads", params=params, timeout=60)
            if response.status_code == requests.codes.not_found:
                break
            response.raise_for_status()
            body = response.json()
            for item in body["items"]:
                sys.stdout.write(json.dumps(item) + "\n")
            if "next" not in body["links"]:
                break
            params["start"] = body["items"][-1]["metadata"]["leadId"]
        start = window_end


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
