"""A refused token is replaced once, over all tries of a request."""

from __future__ import annotations

import pytest

from seeker_leads_api.auth.tokens import with_token
from seeker_leads_api.errors import FatalError, RetryableError, TokenRefusedError
from seeker_leads_api.http.retries import Retrier


class Source:
    """A token source that counts its calls."""

    def __init__(self, *, has_another: bool = True) -> None:
        self.renewed: list[str] = []
        self.has_another = has_another

    def token(self) -> str:
        return f"token-{len(self.renewed)}"

    def renew(self, refused_token: str) -> None:
        if not self.has_another:
            message = "no other"
            raise FatalError(message)
        self.renewed.append(refused_token)


class Script:
    """An attempt that raises the script's errors, then returns the token that it was given."""

    def __init__(self, *errors: type[Exception]) -> None:
        self.errors = list(errors)
        self.tokens: list[str] = []

    def __call__(self, token: str) -> str:
        self.tokens.append(token)
        match self.errors.pop(0) if self.errors else None:
            case None:
                return token
            case kind if kind is TokenRefusedError:
                message = "401"
                raise TokenRefusedError(message, refused_token=token)
            case kind:
                message = "503"
                raise kind(message)


def test_refused_token_is_replaced_at_once() -> None:
    """The request is repeated with the new token, and not reported as a retry."""
    source, script, slept = Source(), Script(TokenRefusedError), list[float]()
    assert Retrier(3, print, slept.append).call(with_token(script, source)) == "token-1"
    assert (source.renewed, slept) == (["token-0"], [])


@pytest.mark.parametrize(
    "errors", [[TokenRefusedError, TokenRefusedError], [TokenRefusedError, RetryableError, TokenRefusedError]]
)
def test_second_refusal_ends_the_run(errors: list[type[Exception]]) -> None:
    """Only one new token is requested, even with temporary faults in between: the vendor counts token requests."""
    source, script = Source(), Script(*errors)
    with pytest.raises(FatalError, match="401"):
        Retrier(3, lambda _: None, lambda _: None).call(with_token(script, source))
    assert (len(script.tokens), len(source.renewed)) == (len(errors), 1)


def test_reason_of_a_refusal_is_kept_if_no_other_token_exists() -> None:
    """The API's reason for refusing a token comes first in the error; that there is no other token comes after it."""
    with pytest.raises(FatalError, match=r"401\. no other"):
        with_token(Script(TokenRefusedError), Source(has_another=False))()
