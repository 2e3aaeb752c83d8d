"""The settings that tap and target share: declared once as JSON Schema, parsed once into frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seeker_leads_api import contract
from seeker_leads_api.credentials import ClientCredentials, is_token
from seeker_leads_api.declarations import setting
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.urls import checked_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seeker_leads_api.postgres.location import PostgresLocation

ENVIRONMENTS = {"production": contract.PRODUCTION_URL, "sandbox": contract.SANDBOX_URL}

CONNECTION_SETTINGS: dict[str, contract.JsonSchema] = {
    "environment": setting(
        "string",
        "Environment",
        "The vendor's environment to use. It determines the base URL of the API and the audience of the token.",
        enum=[*ENVIRONMENTS],
        default="production",
    ),
    "api_url": setting(
        "string",
        "API URL",
        "Base URL of the API. Overrides the URL of `environment`. Must use https, or http on this machine.",
    ),
    "auth_url": setting("string", "Auth URL", f"URL of the token endpoint. Defaults to {contract.TOKEN_URL}."),
    "audience": setting("string", "Audience", "Audience of the token. Defaults to the base URL of `environment`."),
    "auth_token": setting(
        "string",
        "Bearer token",
        "Bearer token for the API. Set either this, or `client_id` and `client_secret`.",
        secret=True,
    ),
    "client_id": setting(
        "string",
        "Client ID",
        "OAuth client ID. Tokens are requested, cached until they expire, and renewed automatically.",
    ),
    "client_secret": setting("string", "Client secret", "OAuth client secret.", secret=True),
    "intermediary_id": setting(
        "string", "Intermediary ID", "The agency's ID at the vendor. Set it if your software acts for an agency."
    ),
    "token_cache": setting(
        "boolean",
        "Token cache",
        "Whether to keep the token for its 24 hours in the user's cache folder, readable by the owner only,"
        " for all runs of both plugins. The vendor requires this for production access.",
        default=True,
    ),
    "rate_limit_requests": setting(
        "integer",
        "Requests per period",
        "Maximum number of requests that start within any `rate_limit_period_ms`, retries included.",
        minimum=1,
        maximum=1000,
        default=contract.RATE_LIMIT_REQUESTS,
    ),
    "rate_limit_period_ms": setting(
        "integer",
        "Rate limit period",
        "Length of the rate limit's period, in milliseconds.",
        minimum=1,
        maximum=60_000,
        default=contract.RATE_LIMIT_PERIOD_MS,
    ),
    "max_concurrent_requests": setting(
        "integer",
        "Concurrent requests",
        "Maximum number of requests in progress at the same time.",
        minimum=1,
        maximum=100,
        default=contract.MAX_CONCURRENT_REQUESTS,
    ),
    "rate_limit_url": setting(
        "string",
        "Rate limit URL",
        "URL of a PostgreSQL database (`postgresql://…`) through which concurrent runs, on any number of"
        " machines, share the account's rate limit. If not set, each process keeps the limit on its own.",
        secret=True,
    ),
    "request_timeout_seconds": setting(
        "integer",
        "Request timeout",
        "Number of seconds without data from the server after which a request counts as failed and is retried.",
        minimum=1,
        maximum=3600,
        default=60,
    ),
    "max_retries": setting(
        "integer",
        "Maximum retries",
        "Maximum number of times a request is retried after a temporary fault, with growing delays. Seven"
        " retries take about a minute.",
        minimum=0,
        maximum=100,
        default=7,
    ),
    "user_agent": setting(
        "string",
        "User agent",
        "Your software, as `Name/version`. Sent before the plugin's own name in the User-Agent header.",
    ),
}


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """How to reach the API. Exactly one of `auth_token` and `credentials` is set."""

    api_url: str  #: without a trailing slash
    auth_token: str | None = field(repr=False)
    credentials: ClientCredentials | None
    token_cache: bool
    rate_limit_requests: int
    rate_limit_period_seconds: float
    max_concurrent_requests: int
    rate_limit_location: PostgresLocation | None  #: the database of a shared limit; None: the limit of this process
    request_timeout_seconds: int
    max_retries: int
    user_agent: str | None

    @property
    def requests_per_second(self) -> float:
        """The rate limit as an average."""
        return self.rate_limit_requests / self.rate_limit_period_seconds

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ConnectionSettings:
        """Parse what `read` returned.

        Raises:
            SettingsError: a URL would send the token unencrypted, or there is not exactly one way to authenticate.
        """
        environment_url = ENVIRONMENTS[config["environment"]]
        user_agent = config["user_agent"]
        if user_agent is not None and not (user_agent.isascii() and user_agent.isprintable()):
            msg = "`user_agent` must be plain ASCII on one line, in the form Name/version"
            raise SettingsError(msg)
        token, credentials = authentication(config)
        return cls(
            api_url=checked_url("api_url", config["api_url"] or environment_url).rstrip("/"),
            auth_token=token,
            credentials=credentials,
            token_cache=config["token_cache"],
            rate_limit_requests=config["rate_limit_requests"],
            rate_limit_period_seconds=config["rate_limit_period_ms"] / 1000,
            max_concurrent_requests=config["max_concurrent_requests"],
            rate_limit_location=_rate_limit_location(config["rate_limit_url"]),
            request_timeout_seconds=config["request_timeout_seconds"],
            max_retries=config["max_retries"],
            user_agent=user_agent,
        )


def _rate_limit_location(url: str | None) -> PostgresLocation | None:
    if url is None:
        return None
    # SQLAlchemy takes a while to import, and most runs of the tap do not need it.
    from seeker_leads_api.postgres.location import PostgresLocation  # noqa: PLC0415

    return PostgresLocation.parse("rate_limit_url", url)


def authentication(config: Mapping[str, Any]) -> tuple[str | None, ClientCredentials | None]:
    """Return the way to authenticate of a configuration: a token, or client credentials.

    Raises:
        SettingsError: there is not exactly one way, or a part of it cannot work.
    """
    token = config["auth_token"]
    if token is not None and not is_token(token):
        msg = "`auth_token` must be only the token: plain ASCII without spaces or line breaks"
        raise SettingsError(msg)
    return token, _credentials(config, ENVIRONMENTS[config["environment"]])


def _credentials(config: Mapping[str, Any], environment_url: str) -> ClientCredentials | None:
    has_token = config["auth_token"] is not None
    pair: Sequence[str] = ("client_id", "client_secret")
    present = [name for name in pair if config[name] is not None]
    if has_token and present:
        msg = "`auth_token` and `client_id`/`client_secret` are both set: keep one of the two ways to authenticate"
        raise SettingsError(msg)
    if has_token:
        return None
    if not present:
        msg = "No credentials are set: set `auth_token`, or `client_id` and `client_secret`"
        raise SettingsError(msg)
    if missing := [name for name in pair if name not in present]:
        msg = f"`{present[0]}` is set without `{missing[0]}`: set both"
        raise SettingsError(msg)
    return ClientCredentials(
        client_id=_plain("client_id", config["client_id"]),
        client_secret=_plain("client_secret", config["client_secret"]),
        audience=config["audience"] or environment_url,
        auth_url=checked_url("auth_url", config["auth_url"] or contract.TOKEN_URL),
        intermediary_id=config["intermediary_id"] and _plain("intermediary_id", config["intermediary_id"]),
    )


def _plain(name: str, value: str) -> str:
    """Return a value that was copied completely: a wrong one would cost token requests, which the vendor counts."""
    if not is_token(value):
        msg = f"`{name}` must be plain ASCII without spaces or line breaks"
        raise SettingsError(msg)
    return value
