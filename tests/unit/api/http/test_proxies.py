"""Proxies that cannot work are reported before anything is sent."""

from __future__ import annotations

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_api.http.session import ApiSession

URL = "https://api.example/v1"


@pytest.mark.parametrize(
    "proxy", ["ftp://proxy:21", "http://", "http://:3128", "://proxy", "http://[::1", "proxy:secret@:x", "socks9://a"]
)
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_proxy_that_cannot_work_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str) -> None:
    """A malformed proxy is reported by its variable; its value, which may contain a password, is not shown."""
    for name in ("HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, proxy)
    with pytest.raises(SettingsError, match=variable) as caught:
        ApiSession(URL, "test/1")
    assert "secret" not in str(caught.value)
    assert "api_url" not in str(caught.value)


@pytest.mark.parametrize("proxy", ["http://proxy.example:3128", "proxy.example:3128", "http://me:pass@10.0.0.1:8080"])
def test_usual_proxies_pass(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """Proxies in the forms that `requests` accepts are accepted."""
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    ApiSession(URL, "test/1").close()


def test_proxy_of_other_hosts_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """If `NO_PROXY` excludes the API's host, an invalid proxy does not matter."""
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy")
    monkeypatch.setenv("NO_PROXY", "api.example")
    monkeypatch.setenv("no_proxy", "api.example")
    ApiSession(URL, "test/1").close()
