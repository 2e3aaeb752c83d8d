"""The API's contract: `openapi.yaml`, loaded once, and the limits that it states in words."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import yaml

JsonSchema: TypeAlias = dict[str, Any]

#: Longest period of one `GET /leads`, in seconds [S].
MAX_PERIOD_SECONDS = 7 * 24 * 60 * 60
#: Maximum and default number of leads on a page [S].
MAX_PAGE_SIZE = 100
#: Maximum number of requests that start in any `RATE_LIMIT_PERIOD_MS`, and that are in flight [S].
RATE_LIMIT_REQUESTS = 10
RATE_LIMIT_PERIOD_MS = 200
MAX_CONCURRENT_REQUESTS = 10
#: How long the law allows a lead to be kept, in days: 3 years.
LEAD_LIFE_DAYS = 3 * 365

PRODUCTION_URL = "https://api.aviv-group.com/seeker-leads/v1"
SANDBOX_URL = "https://api.aviv-group.com/sandbox/seeker-leads/v1"
TOKEN_URL = "https://auth.api.aviv-group.com/oauth/token"  # noqa: S105  # an address, not a password

_REF_PREFIX = "#/components/schemas/"


def openapi_text() -> bytes:
    """Return the contents of `openapi.yaml`, in UTF-8."""
    return resources.files(__package__).joinpath("openapi.yaml").read_bytes()


@cache
def load_openapi() -> dict[str, Any]:
    """Return the parsed `openapi.yaml`. All callers share the same object and must not change it."""
    # The C loader is ten times faster, which counts for a run every five minutes.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(openapi_text(), Loader=loader)  # noqa: S506  # both are safe loaders
    return document


def schema(name: str) -> JsonSchema:
    """Return the contract's schema of that name as a standalone JSON Schema, with all references resolved.

    Raises:
        KeyError: there is no such schema in `openapi.yaml`.
    """
    inlined: JsonSchema = _inline(load_openapi()["components"]["schemas"][name])
    return inlined


def _inline(node: Any) -> Any:  # noqa: ANN401  # any JSON
    if isinstance(node, dict):
        if "$ref" in node:
            return schema(node["$ref"].removeprefix(_REF_PREFIX))
        return {key: _inline(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_inline(value) for value in node]
    return node
