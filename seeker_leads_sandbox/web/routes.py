"""The page's routes. The page makes no request to other hosts, and its policy enforces that."""

from __future__ import annotations

import msgspec
from aiohttp import web

from seeker_leads_api import contract
from seeker_leads_sandbox.api.routes import API_BASE, CONTRACT, PAGE, PAGE_PARTS
from seeker_leads_sandbox.backend import BACKEND
from seeker_leads_sandbox.web.page import PARTS, part, render
from seeker_leads_sandbox.web.panels import Panels

_PANELS = web.AppKey("panels", Panels)
#: Only the page's own script, style and images: no inline script, no frame, no form.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def add_page(app: web.Application) -> None:
    """Add the page, its files and the contract to the sandbox's application."""
    app[_PANELS] = Panels(app[BACKEND])
    app.add_routes(
        [
            web.get(PAGE, _page),
            web.get(CONTRACT, _contract),
            web.get(PAGE_PARTS + "/panels", _panels),
            *(web.get(f"{PAGE_PARTS}/{name}", _part) for name in PARTS),
        ]
    )


async def _page(request: web.Request) -> web.Response:
    options = request.app[BACKEND].options
    html = render(
        _panels_of(request).render(),
        period=f"{options.rate_limit_period_ms} ms",
        api_url=f"http://{request.host}{API_BASE}",
        token=options.token,
        client_id=options.client_id,
        client_secret=options.client_secret,
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)


async def _panels(request: web.Request) -> web.Response:
    body = msgspec.json.encode({name: str(html) for name, html in _panels_of(request).render().items()})
    return web.Response(body=body, content_type="application/json", headers=_HEADERS)


async def _part(request: web.Request) -> web.Response:
    name = request.path.rpartition("/")[2]
    return web.Response(body=part(name), content_type=PARTS[name], charset="utf-8", headers=_HEADERS)


async def _contract(_request: web.Request) -> web.Response:
    return web.Response(body=contract.openapi_text(), content_type="application/yaml", charset="utf-8")


def _panels_of(request: web.Request) -> Panels:
    return request.app[_PANELS]
