from __future__ import annotations

from typing import Any

import pytest

from seeker_leads_api.contract import PRODUCTION_URL, SANDBOX_URL, TOKEN_URL
from seeker_leads_api.declarations import read
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.settings import CONNECTION_SETTINGS, ConnectionSettings

SECRET = "s3cret-value"
CREDENTIALS = {"client_id": "me", "client_secret": SECRET}


def parse(**config: Any) -> ConnectionSettings:
    return ConnectionSettings.from_config(read(config, CONNECTION_SETTINGS))


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, ["auth_token", "client_id"]),
        ({"auth_token": SECRET, **CREDENTIALS}, ["auth_token", "client_id"]),
        ({"client_id": "me"}, ["client_id", "client_secret"]),
        ({"client_secret": SECRET}, ["client_secret", "client_id"]),
        ({**CREDENTIALS, "client_id": "me\n"}, ["`client_id`", "line breaks"]),
        ({**CREDENTIALS, "client_secret": f" {SECRET}"}, ["`client_secret`", "spaces"]),
        ({**CREDENTIALS, "client_secret": f"{SECRET}\u200b"}, ["`client_secret`", "ASCII"]),
        ({**CREDENTIALS, "intermediary_id": "ag-1\r\n"}, ["`intermediary_id`", "line breaks"]),
        ({"auth_token": SECRET, "environment": "staging"}, ["environment", "production, sandbox"]),
        ({"auth_token": SECRET, "api_url": "api.example.com/v1"}, ["api_url", "https://"]),
        ({"auth_token": SECRET, "api_url": "http://api.example.com/v1"}, ["api_url", "use https"]),
        ({"auth_token": SECRET, "api_url": "ftp://api.example.com"}, ["api_url"]),
        ({"auth_token": SECRET, "api_url": "https://me:pw@api.example.com"}, ["api_url", "user name"]),
        ({"auth_token": SECRET, "api_url": "https://[bad"}, ["api_url"]),
        ({"auth_token": SECRET, "api_url": "https://api exam.com/v1"}, ["api_url", "invalid host name"]),
        ({"auth_token": SECRET, "api_url": "https://a..b/v1"}, ["api_url", "invalid host name"]),
        ({"auth_token": SECRET, "api_url": f"https://{'a' * 64}.com"}, ["api_url", "invalid host name"]),
        ({**CREDENTIALS, "auth_url": "https://*.example.com/token"}, ["auth_url", "invalid host name"]),
        ({**CREDENTIALS, "auth_url": "http://10.0.0.1/token"}, ["auth_url", "use https"]),
        ({"auth_token": SECRET, "rate_limit_requests": 0}, ["rate_limit_requests", "1 to 1000"]),
        ({"auth_token": SECRET, "max_retries": -1}, ["max_retries", "0 to 100"]),
        ({"auth_token": SECRET, "max_retries": True}, ["max_retries", "whole number"]),
        ({"auth_token": SECRET, "max_retries": 7.0}, ["max_retries", "whole number"]),
        ({"auth_token": SECRET, "max_retries": "7"}, ["max_retries", "whole number"]),
        ({"auth_token": SECRET, "token_cache": 1}, ["token_cache", "true or false"]),
        ({"auth_token": SECRET, "token_cache": "perhaps"}, ["token_cache", "true or false"]),
        ({"auth_token": 12345678}, ["auth_token", "string"]),
        ({"auth_token": SECRET, "rate_limit_url": SECRET}, ["`rate_limit_url`", "postgresql://user:password@host"]),
        ({"auth_token": SECRET, "rate_limit_url": "sqlite:///limit.db"}, ["`rate_limit_url`", "use postgresql://"]),
        ({"auth_token": SECRET, "rate_limit_url": f"postgresql://me:{SECRET}@x@host/db"}, ["`rate_limit_url`", "%40"]),
        ({"auth_token": SECRET, "rate_limit_url": f"postgresql://me:x@{SECRET}?y@host"}, ["`rate_limit_url`", "%40"]),
        ({"auth_token": SECRET, "rate_limit_url": "postgresql://host/db?schema=%20"}, ["`rate_limit_url`", "?schema="]),
        ({"auth_token": SECRET, "user_agent": "CRM/1\r\nX: y"}, ["user_agent"]),
    ],
)
def test_wrong_setting_is_named_with_its_cure(config: dict[str, Any], named: list[str]) -> None:
    """A wrong setting ends in one line that names the setting and the cure, and never shows a secret."""
    with pytest.raises(SettingsError) as caught:
        parse(**config)
    message = str(caught.value)
    assert "\n" not in message
    assert all(word in message for word in named)
    assert SECRET not in message
    assert "12345678" not in message


def test_all_wrong_settings_are_named_at_once() -> None:
    """A user with two mistakes sees both in the first run."""
    with pytest.raises(SettingsError, match=r"`max_retries`.*; `request_timeout_seconds`|`request.*; `max_retries`"):
        parse(auth_token=SECRET, max_retries=-1, request_timeout_seconds=0)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/v1",
        "http://127.0.0.1/v1",
        "http://127.9.9.9/v1",
        "http://[::1]:80/v1",
        "https://a.b/v1",
        "https://é.fr",
    ],
)
def test_https_or_this_machine(url: str) -> None:
    """A URL is accepted if the token is not sent unencrypted to another machine."""
    assert parse(auth_token=SECRET, api_url=url + "/").api_url == url


def test_environment_gives_url_and_audience() -> None:
    """`environment` chooses base URL and audience together; the auth host serves both."""
    production, sandbox = parse(**CREDENTIALS), parse(**CREDENTIALS, environment="sandbox")
    assert production.credentials
    assert sandbox.credentials
    assert (production.api_url, production.credentials.audience) == (PRODUCTION_URL, PRODUCTION_URL)
    assert (sandbox.api_url, sandbox.credentials.audience) == (SANDBOX_URL, SANDBOX_URL)
    assert production.credentials.auth_url == sandbox.credentials.auth_url == TOKEN_URL


def test_overrides_win_over_the_environment() -> None:
    """`api_url`, `auth_url` and `audience` replace the environment's values, independently of each other."""
    settings = parse(**CREDENTIALS, api_url="https://a.b", auth_url="https://c.d/t", audience="x")
    assert settings.credentials
    assert (settings.api_url, settings.credentials.auth_url, settings.credentials.audience) == (
        "https://a.b",
        "https://c.d/t",
        "x",
    )


def test_empty_string_is_an_absent_setting() -> None:
    """An unset variable in `meltano.yml` arrives as an empty string and means the default."""
    settings = parse(auth_token=SECRET, client_id="", environment="", api_url="")
    assert settings.credentials is None
    assert settings.api_url == PRODUCTION_URL


def test_secrets_are_not_in_a_repr() -> None:
    """The repr of parsed settings does not show a secret."""
    assert SECRET not in repr(parse(auth_token=SECRET))
    assert SECRET not in repr(parse(**CREDENTIALS))


def test_every_setting_explains_itself() -> None:
    """Each setting has a title and a description, and secrets are marked."""
    for name, declaration in CONNECTION_SETTINGS.items():
        assert declaration["title"], name
        assert declaration["description"].endswith("."), name
    secrets = {name for name, d in CONNECTION_SETTINGS.items() if d.get("secret")}
    assert secrets == {"auth_token", "client_secret", "rate_limit_url"}
