"""Errors, named by how one recovers from them.

    SeekerLeadsError
    ├── SettingsError        fix a setting, the state or the catalog: the run ends, as a rule before any request
    ├── RetryableError       a passing fault: ask again, after `retry_after_seconds` where the API gave it
    │   ├── ThrottledError   the rate limit was passed: everybody waits, not only who met it
    │   ├── ServerFaultError the server failed and did nothing: if that stays, it may be this request's fault alone
    │   └── AnswerLostError  the request may have been carried out: ask again only if twice does no harm
    ├── TokenRefusedError    the API refuses the token: get a new one, once
    ├── RequestRejectedError the API refuses this request for what it says: keep it and go on with others
    └── FatalError           nothing that this run can do; it ends, and keeps the state of what is finished
        ├── NotServedError         refused without the API's reason: the account, the URL, or this request alone
        ├── RetriesUsedUpError     a fault did not pass; `last` is the error of the last try
        ├── UnreadableAnswerError  an answer came that cannot be read: whether the request was carried out is not known
        └── StoppedError     a signal asked the run to end

ServerFaultError, RequestRejectedError and NotServedError are AnsweredErrors too: they hold the answer's own words.
No message of theirs ever holds personal data or a secret: they are built from redacted parts only.
"""

from __future__ import annotations

import signal


class SeekerLeadsError(Exception):
    """Anything that these plugins raise on purpose; its text is one line for the user."""


class SettingsError(SeekerLeadsError):
    """What the user gave cannot work; the text names it and the cure."""


class AnsweredError(SeekerLeadsError):
    """An answer says that the request was not carried out, and perhaps why."""

    def __init__(
        self, message: str, *, problems: tuple[tuple[str, str], ...] = (), request_id: str | None = None
    ) -> None:
        super().__init__(message)
        #: The API's own name for the request, where it gave one.
        self.request_id = request_id
        #: The API's own words, name and reason each. Kept out of the message, since they may quote personal data.
        self.problems = problems


class RetryableError(SeekerLeadsError):
    """A passing fault: the same request may succeed later."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ThrottledError(RetryableError):
    """The API asks for fewer requests: nobody asks before the wait is over."""


class ServerFaultError(AnsweredError, RetryableError):
    """The server answered that it failed, and did nothing: a passing fault, or one that only this request meets."""

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
    """The request was sent, and whether it was carried out is not known."""


class TokenRefusedError(SeekerLeadsError):
    """The API refuses the token, or the token lacks a right that a new one may have."""

    def __init__(self, message: str, *, refused_token: str) -> None:
        super().__init__(message)
        #: Kept out of the message; tells whether somebody else has renewed it meanwhile.
        self.refused_token = refused_token


class RequestRejectedError(AnsweredError):
    """The API refuses this request for what it says; another one may be right."""


class FatalError(SeekerLeadsError):
    """The run must end; what was finished before is kept."""


class NotServedError(AnsweredError, FatalError):
    """The request was refused, and the answer does not say whether others would be: nothing was done."""


class RetriesUsedUpError(FatalError):
    """A fault stayed through all tries."""

    def __init__(self, message: str, *, last: RetryableError) -> None:
        super().__init__(message)
        self.last = last


class UnreadableAnswerError(FatalError):
    """An answer that cannot be read came to a request that must not be repeated blindly."""


class StoppedError(FatalError):
    """A signal asked the run to end; it is no failure of anything."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"Stopped by {signal.Signals(signal_number).name}; what was finished is kept")
        self.signal_number = signal_number
