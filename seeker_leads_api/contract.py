"""The API's contract: `openapi.yaml`, loaded once, and the limits that it states in words."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, TypeAlias

import yaml

JsonSchema: TypeAlias = dict[str, Any]

#: Longest period of one `GET /leads`, in seconds [S].
MAX_PERIOD_SECONDS = 7 * 24 * 60 * 60
#: Most leads on a page, and the default [S].
MAX_PAGE_SIZE = 100
#: At most so many requests may start in any `RATE_LIMIT_PERIOD_MS`, and so many be in flight [S].
RATE_LIMIT_REQUESTS = 10
RATE_LIMIT_PERIOD_MS = 200
MAX_CONCURRENT_REQUESTS = 10
#: How long a lead may be kept by law, in days: 3 years [D].
LEAD_LIFE_DAYS = 3 * 365

PRODUCTION_URL = "https://api.aviv-group.com/seeker-leads/v1"
SANDBOX_URL = "https://api.aviv-group.com/sandbox/seeker-leads/v1"
TOKEN_URL = "https://auth.api.aviv-group.com/oauth/token"  # noqa: S105  # an address, not a password

_REF_PREFIX = "#/components/schemas/"


def openapi_text() -> bytes:
    """Return `openapi.yaml` as it is stored, in UTF-8."""
    return resources.files(__package__).joinpath("openapi.yaml").read_bytes()


@cache
def load_openapi() -> dict[str, Any]:
    """Return the parsed `openapi.yaml`. Callers share the one object and must not change it."""
    # The C loader is ten times faster, and a run every five minutes pays for it each time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load(openapi_text(), Loader=loader)  # noqa: S506  # both are safe loaders
    return document


def schema(name: str) -> JsonSchema:
    """Return the contract's schema of that name as a JSON Schema of its own, with all references put in place.

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
