"""The baseline for a run over quiet accounts: requests over one session, each with its account's token.

It prints its CPU seconds, without the start-up and without the token requests.
"""

from __future__ import annotations

import sys
import time

import requests


def main(api_url: str, token_url: str, accounts: int, count: int) -> None:
    """Make this number of requests for the last minute, for each account in turn."""
    session = requests.Session()
    session.headers["User-Agent"] = "quiet-loop/1"
    client = {"client_id": "sandbox", "client_secret": "sandbox", "grant_type": "client_credentials"}
    tokens = []
    for number in range(1, accounts + 1):
        asked = {**client, "audience": api_url, "intermediary_id": f"agency-{number}"}
        tokens.append(session.post(token_url, json=asked, timeout=60).json()["access_token"])
    end = int(time.time())
    query: dict[str, str | int] = {"minDate": end - 60, "maxDate": end, "limit": 100}
    before = time.process_time()
    for number in range(count):
        headers = {"Authorization": f"Bearer {tokens[number % accounts]}"}
        response = session.get(f"{api_url}/leads", params=query, headers=headers, timeout=60)
        if response.status_code != requests.codes.not_found:
            response.raise_for_status()
    print(time.process_time() - before)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
