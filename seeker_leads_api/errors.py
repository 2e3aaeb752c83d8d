"""Errors, named by how to recover from them.

    SeekerLeadsError
    ├── SettingsError        fix a setting, the state or the catalog; the run ends, usually before any request
    ├── RetryableError       a temporary fault: retry, after `retry_after_seconds` if the API gave it
    │   ├── ThrottledError   the rate limit was exceeded: all threads wait, not only the one that received the 429
    │   ├── ServerFaultError the server failed and processed nothing: if it persists, this request alone may cause it
    │   └── AnswerLostError  the API may have processed the request: retry only if a duplicate does no harm
    ├── TokenRefusedError    the API refuses the token: get a new one, once
    ├── RequestRejectedError the API refuses the contents of this request: keep it and continue with others
    └── FatalError           this run cannot recover; it ends and keeps the state of finished work
        ├── NotServedError         refused without the API's own reason: because of the account, the URL or this request
        ├── RetriesUsedUpError     a fault persisted; `last` is the error of the last try
        ├── UnreadableAnswerError  the answer cannot be read, so it is unknown whether the request was processed
        └── StoppedError     a signal asked the run to end

ServerFaultError, RequestRejectedError and NotServedError are also AnsweredErrors: they contain the answer's text.
No error message contains personal data or a secret: messages are built from redacted parts only.
"""

from __future__ import annotations

import signal


class SeekerLeadsError(Exception):
    """Base of all errors that these packages raise on purpose; its text is one line for the user."""


class SettingsError(SeekerLeadsError):
    """The user's input cannot work; the text names the input and the cure."""


class AnsweredError(SeekerLeadsError):
    """The answer says that the request was not processed, and perhaps why."""

    def __init__(
        self, message: str, *, problems: tuple[tuple[str, str], ...] = (), request_id: str | None = None
    ) -> None:
        super().__init__(message)
        #: The API's own id of the request, if the answer has one.
        self.request_id = request_id
        #: The API's reasons as pairs of name and text. Kept out of the message, because they may quote personal data.
        self.problems = problems


class RetryableError(SeekerLeadsError):
    """A temporary fault: the same request may succeed later."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ThrottledError(RetryableError):
    """The API asks for fewer requests: no thread sends one before the wait is over."""


class ServerFaultError(AnsweredError, RetryableError):
    """The server reported that it failed and processed nothing: temporarily, or because of this request alone."""

    def __init__(
        self,
        message: str,
        *,
        retry_after_seconds: float | None = None,
        problems: tuple[tuple[str, str], ...] = (),
        request_id: str | None = None,
    ) -> None:
        super().__init__(message, problems=problems, request_id=request_id)
        self.retry_after_seconds = retry_after_seconds


class AnswerLostError(RetryableError):
    """The request was sent, but it is unknown whether the API processed it."""


class TokenRefusedError(SeekerLeadsError):
    """The API refuses the token, or the token lacks a scope that a new one may have."""

    def __init__(self, message: str, *, refused_token: str, lacks_right: bool = False) -> None:
        super().__init__(message)
        #: Whether the token is valid but lacks a scope: a new one helps only if the scope has been granted since.
        self.lacks_right = lacks_right
        #: Kept out of the message; shows whether another thread or process has renewed the token in the meantime.
        self.refused_token = refused_token


class RequestRejectedError(AnsweredError):
    """The API refuses the contents of this request; another request may be accepted."""


class FatalError(SeekerLeadsError):
    """The run must end; work finished before is kept."""


class NotServedError(AnsweredError, FatalError):
    """The request was refused and not processed; the answer does not say whether other requests would be refused."""

    def __init__(
        self,
        message: str,
        *,
        problems: tuple[tuple[str, str], ...] = (),
        request_id: str | None = None,
        lacks_right: bool = False,
    ) -> None:
        super().__init__(message, problems=problems, request_id=request_id)
        #: Whether the account may not do this, by the API's word and not by a firewall's page.
        self.lacks_right = lacks_right


class RetriesUsedUpError(FatalError):
    """A fault persisted through all retries."""

    def __init__(self, message: str, *, last: RetryableError) -> None:
        super().__init__(message)
        self.last = last


class UnreadableAnswerError(FatalError):
    """The answer to a request that must not be repeated blindly cannot be read."""


class StoppedError(FatalError):
    """A signal asked the run to end; nothing has failed."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"Stopped by {signal.Signals(signal_number).name}; what was finished is kept")
        self.signal_number = signal_number
