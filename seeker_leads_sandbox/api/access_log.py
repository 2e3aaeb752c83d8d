"""What the server logs: one line for each request, without query, headers or body, and the sandbox's own errors."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractAccessLogger
from aiohttp.http_exceptions import HttpProcessingError

from seeker_leads_sandbox.api import routes
from seeker_leads_sandbox.faults.fault_injection import is_cut_off

if TYPE_CHECKING:
    from aiohttp import web

ACCESS_LOG = logging.getLogger(__name__)
ERROR_LOG = logging.getLogger(f"{__name__}.errors")
_LONGEST_PATH = 200


def _is_our_error(record: logging.LogRecord) -> bool:
    """Return whether it is not about a request that is not valid HTTP: its error quotes what the client sent."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


ERROR_LOG.addFilter(_is_our_error)


class AccessLog(AbstractAccessLogger):
    """Logs method, path, status and milliseconds at INFO; skips the page's own requests, which come every second."""

    @property
    def enabled(self) -> bool:
        """Whether the log is enabled: if not, the server does not even measure the time."""
        return self.logger.isEnabledFor(logging.INFO)

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Log one request that took `time` seconds."""
        # The path is logged percent-encoded, as it was sent, so it cannot contain a line break.
        path = request.rel_url.raw_path
        if not path.startswith(routes.PAGE_PARTS + "/"):
            status = "no answer" if is_cut_off(request) else response.status
            self.logger.info("%s %s %s %.0f ms", request.method, path[:_LONGEST_PATH], status, time * 1000)
