"""How a stream asks the API: session, token, retries and the meaning of answers, in the SDK's hooks."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import requests
from singer_sdk.streams import RESTStream

from seeker_leads_api.auth.tokens import BearerAuth, TokenSource, sent_token, token_source
from seeker_leads_api.http.outcomes import Answer, classify, raise_for
from seeker_leads_api.http.retries import Retrier
from seeker_leads_api.http.session import ApiSession
from seeker_leads_api.http.transport_errors import classify_exception
from seeker_leads_singer.package import plugin_user_agent
from tap_seeker_leads.leads.page import page_of
from tap_seeker_leads.reading.paginator import PageRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from singer_sdk.helpers.types import Context
    from singer_sdk.tap_base import Tap

    from seeker_leads_api.http.rate_limiter import RateLimiter
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.tap import TapSeekerLeads

    Send: TypeAlias = Callable[[requests.PreparedRequest, Context | None], requests.Response]


class ApiStream(RESTStream[PageRequest | None]):
    """A stream that asks the Seeker Leads API, from any number of threads, behind one limiter."""

    path = "/leads"
    #: The limiter of this run, and what its waits and those between tries sleep with.
    limiter: RateLimiter
    sleep: Callable[[float], object]

    def __init__(self, tap: Tap) -> None:
        super().__init__(tap)
        self._plugin = cast("TapSeekerLeads", tap)
        #: When this run began, in Unix seconds; what is ingested later is the next run's.
        self.now = self._plugin.now
        self._thread = threading.local()

    @property
    def settings(self) -> TapSettings:
        """The tap's settings; discovery runs without any."""
        return self._plugin.settings

    @property
    def url_base(self) -> str:
        """The base URL of the API."""
        return self.settings.connection.api_url

    @cached_property
    def user_agent(self) -> str:
        """The compulsory `User-Agent`, for the API and for token requests."""
        return plugin_user_agent(self.tap_name, self.settings.connection.user_agent)

    @property
    def requests_session(self) -> ApiSession:
        """The calling thread's session for the API; every request on it takes a permit of the limiter."""
        session: ApiSession | None = getattr(self._thread, "session", None)
        if session is None:
            session = self._thread.session = ApiSession(self.url_base, self.user_agent, permit=self.limiter.permit)
        return session

    @cached_property
    def retrier(self) -> Retrier:
        """Repeats requests as their outcome asks for."""
        return Retrier(
            self.settings.connection.max_retries,
            report=self.logger.warning,
            # Looked up with each call: every run has readers and a limiter of its own.
            sleep=lambda seconds: self.sleep(seconds),  # noqa: PLW0108  # bound late
            pause_all=lambda seconds: self.limiter.pause(seconds),  # noqa: PLW0108  # as above
        )

    @cached_property
    def tokens(self) -> TokenSource:
        """Where the token comes from."""
        connection = self.settings.connection
        session = ApiSession(
            connection.credentials.auth_url if connection.credentials else self.url_base, self.user_agent
        )
        return token_source(connection, session, self.retrier, report=self.logger.warning)

    @cached_property
    def authenticator(self) -> BearerAuth:
        """Puts the current token on each attempt."""
        return BearerAuth(self.tokens)

    @property
    def timeout(self) -> int:
        """Seconds without a sign of the server after which an attempt has failed."""
        return self.settings.connection.request_timeout_seconds

    def get_url_params(self, context: Context | None, next_page_token: PageRequest | None) -> dict[str, Any]:  # noqa: ARG002  # the SDK's
        """Ask for one page of one window."""
        if next_page_token is None:
            msg = "there is no page left to ask for"
            raise ValueError(msg)
        window, cursor = next_page_token.window, next_page_token.cursor
        params = {"minDate": window.min_date, "maxDate": window.max_date, "limit": self.settings.page_size}
        return params if cursor is None else {**params, "start": cursor}

    def fetcher(self, context: Context | None) -> Callable[[PageRequest], requests.Response]:
        """Return a function that asks for a page, again and again as the outcome asks for."""
        send, url = self.request_decorator(self.send), self.get_url(context)

        def fetch(request: PageRequest) -> requests.Response:
            return send(self.requests_session.prepare_get(url, self.get_url_params(context, request)), context)

        return fetch

    def send(self, prepared_request: requests.PreparedRequest, _: Context | None) -> requests.Response:
        """Make one attempt, with the current token.

        Raises:
            RetryableError, TokenRefusedError, RequestRejectedError, FatalError: what the answer, or its absence, means.
        """
        try:
            response = self.requests_session.send(self.authenticator(prepared_request), timeout=self.timeout)
        except requests.RequestException as error:
            raise classify_exception(error, f"{self.http_method} {self.path}", self.timeout) from None
        self.validate_response(response)
        return response

    def request_decorator(self, func: Send) -> Send:
        """Repeat a request as its outcome asks for."""
        return self.retrier.wrap(func, renew_token=self.tokens.renew)

    def validate_response(self, response: requests.Response) -> None:
        """Pass an answer that holds a page, empty ones included.

        Raises:
            RetryableError: a passing fault, or a body that is no page.
            TokenRefusedError: the token was refused.
            RequestRejectedError: a setting asks for what the API does not allow.
            FatalError: asking again cannot help.
        """
        raise_for(classify(Answer.of(response)), sent_token=sent_token(response.request))
        page_of(response)
