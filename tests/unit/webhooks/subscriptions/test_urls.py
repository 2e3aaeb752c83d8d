from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.subscriptions.urls import same_url, shown_url, wanted_url


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.example/hook", "https://a.example/hook"),
        ("https://a.example/hook?key=s3cret&x=1", "https://a.example/hook?…"),
        ("https://a.example?key=s3cret", "https://a.example?…"),
        ("https://user:s3cret@a.example:8443/hook#s3cret", "https://a.example:8443/hook"),
        ("s3cret@?s3cret", "?…"),
    ],
)
def test_query_and_user_are_not_shown(url: str, shown: str) -> None:
    """They may contain a key."""
    assert shown_url(url) == shown


@given(st.text())
def test_anything_can_be_shown(url: str) -> None:
    """The API may list any text as a URL."""
    assert shown_url(url).isprintable()
    assert same_url(url, url)


def test_placeholder_stands_for_the_key() -> None:
    """Every user of the machine could see a key on a command line."""
    assert wanted_url("https://a.example/?key={key}", "a+b") == "https://a.example/?key=a%2Bb"
    with pytest.raises(SettingsError, match="SEEKER_LEADS_WEBHOOK_API_KEY"):
        wanted_url("https://a.example/?key={key}", None)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("a.example/s3cret", "form https://host/path"),
        ("https://", "form https://host/path"),
        ("https://[s3cret/", "form https://host/path"),
        ("https://a.example/s3 cret", "form https://host/path"),
        ("ftp://a.example/s3cret", "form https://host/path"),
        ("http://a.example/s3cret", "plain http"),
        ("https://s3cret@a.example/", "user name"),
    ],
)
def test_url_that_cannot_be_called_is_refused(wrong: str, words: str) -> None:
    """It is refused before any request to the API, and not shown."""
    with pytest.raises(SettingsError, match=words) as caught:
        wanted_url(wrong, None)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://a.example/", "http://127.0.0.1:8080/x", "http://localhost/", "http://[::1]/"])
def test_https_or_this_machine_is_accepted(url: str) -> None:
    """Plain http is allowed on this machine, where the sandbox calls without TLS."""
    assert wanted_url(url, None) == url
