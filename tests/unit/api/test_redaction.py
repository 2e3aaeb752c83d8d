from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.redaction import MAX_LENGTH, redact, shown_traceparent


@given(st.emails(), st.text(max_size=20), st.text(max_size=20))
def test_every_email_is_hidden(email: str, before: str, after: str) -> None:
    """No e-mail address remains, wherever it is in the text."""
    assert email not in redact(f"{before} {email} {after}")


@given(st.from_regex(r"\+?[0-9][0-9() /.\-]{6,19}[0-9]", fullmatch=True))
def test_every_phone_number_is_hidden(number: str) -> None:
    """No sequence of seven or more digits remains, in any usual spelling."""
    digits = [char for char in redact(f"the number {number} is refused") if char.isdigit()]
    assert len(digits) < 7


@pytest.mark.parametrize(
    "token",
    ["Bearer abc", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "0123456789abcdef0123456789abcdef-x", "bearer zz9"],
)
def test_every_token_is_hidden(token: str) -> None:
    """No bearer token, JWT or long opaque string remains."""
    assert token not in redact(f"token {token} is refused")


@given(st.text())
def test_result_is_one_short_line(text: str) -> None:
    """A message is always one line of bounded length, without control characters."""
    result = redact(text)
    assert len(result) <= MAX_LENGTH
    assert all(char.isprintable() for char in result)


@pytest.mark.parametrize("text", ["a" * 5_000_000, "1 " * 1_000_000, "'" * 1_000_000])
def test_very_long_text_is_omitted_without_a_search(text: str) -> None:
    """A text of a MiB is not searched: that would take half an hour and block all other threads."""
    assert redact(text) == "[a long text]"


@pytest.mark.parametrize(
    "text",
    [
        "The lead's lastName 'Dupont' is invalid",
        "lastName 'D'Artagnan Dupont' is invalid",
        "Name „Dupont“ is invalid",
        "lastName \u2018Dupont\u2019 bad",
        'value "Dupont" and `Dupont`',
    ],
)
def test_every_quoted_value_is_hidden(text: str) -> None:
    """A value that the API repeats in any usual quotation marks is hidden."""
    assert "Dupont" not in redact(text)
    assert "Artagnan" not in redact(text)


def test_names_of_the_contract_stay_readable() -> None:
    """Quoted parameter and field names are shown, quoted values are not."""
    assert redact('"maxDate" is before "minDate", "Dupont"') == '"maxDate" is before "minDate", \'…\''


@pytest.mark.parametrize(("value", "shown"), [(None, False), ("jane@example.com", False), ("", False)])
def test_only_a_real_traceparent_is_shown(value: str | None, shown: bool) -> None:  # noqa: FBT001  # a table's column
    """A header that is not a W3C trace context is not shown."""
    assert (shown_traceparent(value) is not None) is shown
