"""The stream `leads`: from bookmark to records, in the hooks of the SDK's RESTStream."""

from __future__ import annotations

import logging
import time
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import requests
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.streams import RESTStream

from seeker_leads_api.auth import BearerAuth, TokenSource, sent_token, token_source
from seeker_leads_api.errors import FatalError, RetryableError, SeekerLeadsError, TokenRefusedError
from seeker_leads_api.outcomes import Answer, Recovery, classify, classify_exception
from seeker_leads_api.rate_limiter import RateLimiter
from seeker_leads_api.retries import Retrier
from seeker_leads_api.session import ApiSession, user_agent
from tap_seeker_leads.bookmark import BookmarkManager
from tap_seeker_leads.instants import to_rfc3339
from tap_seeker_leads.page import page_of
from tap_seeker_leads.paginator import LeadsPaginator, PageRequest
from tap_seeker_leads.records import to_lead
from tap_seeker_leads.schema import PRIMARY_KEY, REPLICATION_KEY, leads_schema
from tap_seeker_leads.settings import TapSettings
from tap_seeker_leads.windows import FinishedPrefix, SeamFilter, Window, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk.helpers.types import Context
    from singer_sdk.streams.rest import HTTPRequest, PageContext
    from singer_sdk.tap_base import Tap

PACKAGE_NAME = "singer-seeker-leads"
_REQUEST = "GET /leads"
#: STATE goes out at most so often, in seconds; loaders commit on each.
STATE_INTERVAL_SECONDS = 1.0


class LeadsStream(RESTStream[PageRequest | None]):
    """Leads by ingestion date, from the bookmark (less the lookback) to now, each once a run.

    The bookmark is the end of the longest finished prefix of windows. It goes out in a STATE as it moves, and before
    an error ends the run.
    """

    name = "leads"
    path = "/leads"
    primary_keys = (PRIMARY_KEY,)
    replication_key = REPLICATION_KEY
    allow_redirects = False
    # The SDK has no public switch for its log line a request, which calls an empty period "failed".
    _LOG_REQUEST_METRICS = False

    def __init__(self, tap: Tap) -> None:
        super().__init__(tap)
        #: When this run began, in Unix seconds; what is ingested later is the next run's.
        self.now = tap.initialized_at // 1000
        self.monotonic = time.monotonic
        self._seams = SeamFilter()
        self._state_written_at = float("-inf")
        self._skipped_items = 0

    @cached_property
    def settings(self) -> TapSettings:
        """The tap's settings. Parsed when first needed: discovery runs without any."""
        return TapSettings.from_config(self.config, now=self.now)

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of a record, derived from the API's contract."""
        return leads_schema()

    # What to read, and up to where it is read

    @property
    def state_manager(self) -> BookmarkManager:
        """The keeper of the bookmark."""
        if not isinstance(self._state_manager, BookmarkManager):
            self._state_manager = BookmarkManager(
                tap_name=self.tap_name, stream_name=self.name, tap_state=self.tap_state
            )
        return self._state_manager

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # the SDK's
        """Return none: the bookmark never passes what was read, so it needs no bound."""

    def starting_instant(self) -> int:
        """Return from where this run reads, in Unix seconds: the bookmark less the lookback, or `start_date`."""
        settings = self.settings
        bookmark = None if self.replication_method == REPLICATION_FULL_TABLE else self.state_manager.read()
        return settings.start if bookmark is None else max(settings.start, bookmark - settings.lookback_seconds)

    def get_new_paginator(self) -> LeadsPaginator:
        """Return the way through this run's windows."""
        settings, connection = self.settings, self.settings.connection
        start = self.starting_instant()
        self._start = start
        self._prefix = FinishedPrefix(start)
        self.log("Reading leads from %s to %s", to_rfc3339(start), to_rfc3339(max(start, settings.end)))
        limiter = RateLimiter(
            connection.rate_limit_requests,
            connection.rate_limit_period_seconds,
            connection.max_concurrent_requests,
            clock=self.monotonic,
        )
        self._paginator = LeadsPaginator(
            split(start, settings.end, settings.window_seconds), limiter, self._on_window_read
        )
        return self._paginator

    def _on_window_read(self, window: Window) -> None:
        # The bookmark moves only here: a window counts once it is emitted whole.
        if not self._prefix.add(window) or self.replication_method == REPLICATION_FULL_TABLE:
            return
        moved = self.state_manager.advance(self._prefix.end)
        now = self.monotonic()
        if moved and now - self._state_written_at >= STATE_INTERVAL_SECONDS:
            self._write_state_message()
            self._state_written_at = now

    # How to ask

    @property
    def url_base(self) -> str:
        """The base URL of the API."""
        return self.settings.connection.api_url

    @cached_property
    def user_agent(self) -> str:
        """The compulsory `User-Agent`, for the API and for token requests."""
        return user_agent(
            self.tap_name,
            version(PACKAGE_NAME),
            "singer-sdk",
            version("singer-sdk"),
            self.settings.connection.user_agent,
        )

    @cached_property
    def requests_session(self) -> requests.Session:
        """The session for the API; every request on it takes a permit of the paginator's limiter."""
        return ApiSession(self.url_base, self.user_agent, permit=self._paginator.limiter.permit)

    @cached_property
    def _retrier(self) -> Retrier:
        return Retrier(self.settings.connection.max_retries, report=self.logger.warning)

    @cached_property
    def _tokens(self) -> TokenSource:
        credentials = self.settings.connection.credentials
        session = ApiSession(credentials.auth_url if credentials else self.url_base, self.user_agent)
        return token_source(self.settings.connection, session, self._retrier, report=self.logger.warning)

    @cached_property
    def authenticator(self) -> BearerAuth:
        """Puts the current token on each attempt."""
        return BearerAuth(self._tokens)

    @property
    def timeout(self) -> int:
        """Seconds without a sign of the server after which an attempt has failed."""
        return self.settings.connection.request_timeout_seconds

    def get_http_request(self, *, page: PageContext[PageRequest | None]) -> HTTPRequest:
        """Ask for one page of one window."""
        http_request = super().get_http_request(page=page)
        request = page.next_page_token
        if request is None:
            msg = "there is no page left to ask for"
            raise ValueError(msg)
        http_request.params = {
            "minDate": request.window.min_date,
            "maxDate": request.window.max_date,
            "limit": self.settings.page_size,
            "start": request.cursor,
        }
        return http_request

    def request_decorator(
        self, func: Callable[[requests.PreparedRequest, Context | None], requests.Response]
    ) -> Callable[[requests.PreparedRequest, Context | None], requests.Response]:
        """Repeat a request as its outcome asks for."""

        def attempt(prepared_request: requests.PreparedRequest, context: Context | None) -> requests.Response:
            try:
                return func(prepared_request, context)
            except requests.RequestException as error:
                raise classify_exception(error, _REQUEST, self.timeout) from None

        return self._retrier.wrap(attempt, renew_token=self._tokens.renew)

    def validate_response(self, response: requests.Response) -> None:
        """Pass an answer that holds a page, empty ones included.

        Raises:
            RetryableError: a passing fault, or a body that is no page.
            TokenRefusedError: the token was refused.
            FatalError: asking again cannot help.
        """
        outcome = classify(Answer.of(response))
        match outcome.recovery:
            case Recovery.ACCEPT | Recovery.NOT_FOUND:
                page_of(response)
            case Recovery.RETRY:
                raise RetryableError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
            case Recovery.RENEW_TOKEN:
                raise TokenRefusedError(outcome.message, refused_token=sent_token(response.request))
            case Recovery.STOP:
                raise FatalError(outcome.message)

    # What comes out

    def request_records(self, context: Context | None) -> Iterator[dict[str, Any]]:
        """Yield the records of all windows; on an error, leave a STATE of what is finished behind."""
        try:
            yield from super().request_records(context)
        except SeekerLeadsError:
            self._write_state_message()
            raise
        if self._skipped_items:
            self.logger.warning("%d items without a `leadId` were skipped: they cannot be stored", self._skipped_items)

    def parse_response(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """Yield the records of a page that this run has not yielded yet.

        Raises:
            FatalError: not one item of the page is a lead, so that going on would pass over all of them.
        """
        request, items = self._paginator.current_value, page_of(response).items
        leads = [lead for item in items if (lead := to_lead(item)) is not None]
        if items and not leads:
            msg = f"{_REQUEST}: none of the {len(items)} items of a page has a `leadId`; the API may have changed"
            raise FatalError(msg)
        self._skipped_items += len(items) - len(leads)
        for lead in leads:
            is_early = lead.second is not None and lead.second < self._start
            if request and not is_early and self._seams.passes(lead.lead_id, lead.second, request.window):
                yield lead.record

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:  # noqa: ANN401
        """Log as the SDK does, but not that an error is "unhandled": the command shows each, with what to do."""
        if not message.startswith("An unhandled error occurred"):
            super().log(message, *args, level=level, **kwargs)
