"""The floor of a run over quiet accounts: one session, one request for each, with its token; prints its CPU seconds."""

from __future__ import annotations

import sys
import time

import requests


def main(api_url: str, token_url: str, accounts: int) -> None:
    """Ask for the last minute of each account, once its token is there."""
    session = requests.Session()
    session.headers["User-Agent"] = "quiet-loop/1"
    asked = {
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "grant_type": "client_credentials",
        "audience": api_url,
    }
    tokens = [
        session.post(token_url, json={**asked, "intermediary_id": f"agency-{number}"}, timeout=60).json()[
            "access_token"
        ]
        for number in range(1, accounts + 1)
    ]
    end = int(time.time())
    query: dict[str, str | int] = {"minDate": end - 60, "maxDate": end, "limit": 100}
    before = time.process_time()
    for token in tokens:
        headers = {"Authorization": f"Bearer {token}"}
        response = session.get(f"{api_url}/leads", params=query, headers=headers, timeout=60)
        if response.status_code not in {200, 206, 404}:
            response.raise_for_status()
    print(time.process_time() - before)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
