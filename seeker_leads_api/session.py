"""HTTP sessions: one a host, with the compulsory `User-Agent`, and a permit around each request."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable


class ApiSession(requests.Session):
    """A session for one base URL: what depends on the environment is looked up once, not with every request.

    Redirects are never followed, so the token goes to no other host, and no `.netrc` replaces it. Proxies and
    `REQUESTS_CA_BUNDLE` count as usual.
    """

    def __init__(
        self,
        base_url: str,
        user_agent: str,
        *,
        permit: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        super().__init__()
        self._permit = permit
        self.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
        # Never a retry underneath: each attempt needs a permit of its own, and a POST must not be repeated blindly.
        adapter = HTTPAdapter(max_retries=0)
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        environment = self.merge_environment_settings(base_url, {}, None, None, None)
        self.proxies = environment["proxies"]
        self.verify = environment["verify"]
        self.cert = environment["cert"]
        self.trust_env = False

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # noqa: ANN401  # requests'
        """Send within a permit, held until the body is read."""
        kwargs["allow_redirects"] = False
        with self._permit():
            return super().send(request, **kwargs)


def user_agent(product: str, version: str, tool: str, tool_version: str, prefix: str | None) -> str:
    """Return the header that the vendor asks for: `Software/version Tool/version …` [D][F]."""
    own = f"{product}/{version} {tool}/{tool_version}"
    return f"{prefix} {own}" if prefix else own
