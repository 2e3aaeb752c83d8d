"""The application: every route of `openapi.yaml` and the sandbox's own routes, behind one middleware."""

from __future__ import annotations

from email.utils import formatdate

from aiohttp import web

from seeker_leads_sandbox.api import admin_routes, leads_routes, token_routes, webhook_routes
from seeker_leads_sandbox.api.middleware import api_middleware
from seeker_leads_sandbox.api.routes import ADMIN_BASE, API_BASE, LEADS, TOKEN_PATH
from seeker_leads_sandbox.backend import BACKEND, Backend
from seeker_leads_sandbox.web.routes import add_page

_SUBSCRIPTIONS = "/webhook/subscriptions"


def build_app(backend: Backend) -> web.Application:
    """Return the application that serves this backend."""
    app = web.Application(middlewares=[api_middleware])
    app[BACKEND] = backend
    # Ids may contain any character except a slash; aiohttp's default pattern excludes braces.
    lead = API_BASE + LEADS + "/{leadId:[^/]+}"
    one = "/{subscriptionId:[^/]+}"
    subscription = API_BASE + _SUBSCRIPTIONS + one
    app.add_routes(
        [
            web.get(API_BASE + LEADS, leads_routes.list_leads, allow_head=False),
            web.post(API_BASE + LEADS, leads_routes.create_lead),
            web.get(lead, leads_routes.get_lead, allow_head=False),
            web.get(API_BASE + _SUBSCRIPTIONS, webhook_routes.list_subscriptions, allow_head=False),
            web.post(API_BASE + _SUBSCRIPTIONS, webhook_routes.create_subscription),
            web.put(subscription, webhook_routes.update_subscription),
            web.delete(subscription, webhook_routes.delete_subscription),
            web.get(subscription + "/audit", webhook_routes.audit_subscription, allow_head=False),
            web.post(TOKEN_PATH, token_routes.request_token),
            web.get(ADMIN_BASE + "/health", admin_routes.health),
            web.get(ADMIN_BASE + "/stats", admin_routes.stats),
            web.post(ADMIN_BASE + "/stats/reset", admin_routes.reset_stats),
            web.get(ADMIN_BASE + "/created", admin_routes.created),
            web.post(ADMIN_BASE + "/leads", admin_routes.add_leads),
            web.post(ADMIN_BASE + "/erase", admin_routes.erase),
            web.post(ADMIN_BASE + "/faults", admin_routes.script),
            web.post(ADMIN_BASE + "/tokens/revoke", admin_routes.revoke_tokens),
            web.post(ADMIN_BASE + "/tokens/restore", admin_routes.restore_token),
            web.post(ADMIN_BASE + "/subscriptions" + one, admin_routes.switch_subscription),
        ]
    )
    add_page(app)
    app.on_response_prepare.append(_set_date)
    app.on_shutdown.append(_end_waits)
    return app


async def _set_date(request: web.Request, response: web.StreamResponse) -> None:
    # The sandbox's clock, which also sets `ingestionDate`; the server would use the machine's clock.
    response.headers["Date"] = formatdate(request.app[BACKEND].clock(), usegmt=True)


async def _end_waits(app: web.Application) -> None:
    app[BACKEND].stopping.set()
