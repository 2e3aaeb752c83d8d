"""Requests one page repeatedly on one connection, undecoded: `raw_client.py HOST PORT PATH SECONDS`."""

from __future__ import annotations

import http.client
import sys
import time


def main(host: str, port: str, path: str, seconds: str) -> None:
    """Fetch the page repeatedly for this long."""
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    headers = {"Authorization": "Bearer sandbox-token", "User-Agent": "raw-client/1"}
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status not in {200, 206}:
            sys.exit(f"raw_client: the sandbox answered {response.status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
