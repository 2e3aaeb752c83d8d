"""The changing parts of the page, as HTML: rendered only here, for the first load and for each refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_sandbox.api.token_issuer import TokenState
from seeker_leads_sandbox.faults.faults import FaultKind
from seeker_leads_sandbox.web.day_chart import DayCounts, day_chart
from seeker_leads_sandbox.web.markup import Markup, join, tag, text_of
from seeker_leads_sandbox.web.people import lead_list, posted_list
from seeker_leads_sandbox.web.subscribers import subscription_list
from seeker_leads_sandbox.web.traffic import Traffic, is_error, limit_chart, request_list

if TYPE_CHECKING:
    from seeker_leads_sandbox.backend import Backend
    from seeker_leads_sandbox.faults.faults import Fault

_LEADS_SHOWN = 10
_POSTED_SHOWN = 10


class Panels:
    """Renders a sandbox's current state. Computes and stores nothing until the page is opened."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._day_counts = DayCounts(backend.store)

    def render(self) -> dict[str, Markup]:
        """Return the HTML of each panel by its element's id."""
        backend = self._backend
        backend.add_due_leads()
        traffic = Traffic.of(backend)
        return {
            "tiles": _tiles(backend, traffic),
            "conditions": _conditions(backend),
            "days": day_chart(self._day_counts.days(backend.now())),
            "limit": limit_chart(traffic),
            "leads": lead_list(backend.store.recent(_LEADS_SHOWN)),
            "posted": posted_list(list(backend.posted)[:_POSTED_SHOWN]),
            "subscriptions": subscription_list(backend.subscriptions),
            "requests": request_list(backend, traffic),
        }


def _tiles(backend: Backend, traffic: Traffic) -> Markup:
    limit = traffic.limit.requests
    errors, refused = traffic.count(is_error), sum(bool(each.problems) for each in backend.posted)
    most = traffic.most_in_period
    limited = traffic.count(lambda status: status == 429)  # noqa: PLR2004  # Too Many Requests
    return join(
        _tile("Leads", f"{len(backend.store):,}", "in the account"),
        _tile("Requests", f"{backend.statistics.total:,}", f"{len(traffic.records):,} in the last minute"),
        _tile(f"Most in {traffic.period}", most, f"the limit is {limit}", unit=f" / {limit}", is_bad=most > limit),
        _tile(
            "Errors", f"{errors:,}", f"{limited:,} of them 429" if limited else "in the last minute", is_bad=errors > 0
        ),
        _tile("POSTed", f"{backend.created_count:,}", f"became leads, {refused} refused", is_bad=False),
    )


def _tile(name: str, value: object, words: str, *, unit: str = "", is_bad: bool = False) -> Markup:
    shown = tag("dd", value, tag("span", unit, class_="unit") if unit else None, class_="bad" if is_bad else None)
    return tag("div", tag("dt", name), shown, tag("dd", words, class_="small"), class_="tile")


def _conditions(backend: Backend) -> Markup:
    """Return the unusual conditions: waiting faults, or a static token that no longer works."""
    faults = [tag("p", _words_of(fault), f" ({_times(times)})") for fault, times in backend.waiting_faults]
    found = []
    if faults:
        words = "Cancel" if len(faults) == 1 else "Cancel all"
        found.append(tag("li", tag("div", faults), _undo(words, "faults", "[]", "No fault is waiting.")))
    if backend.tokens.state(backend.options.token, backend.clock()) is not TokenState.LIVE:
        button = _undo("Make it valid again", "tokens/restore", "", "The token is valid again.")
        words = tag("p", "The token ", tag("code", backend.options.token), " is refused: revoked, or without a scope")
        found.append(tag("li", words, button))
    return join(tag("ul", found, class_="conditions") if found else None)


def _undo(words: str, path: str, body: str, done: str) -> Markup:
    name = f"undo-{path.replace('/', '-')}"
    return tag("button", words, type="button", id=name, data_path=path, data_body=body, data_done=done)


def _words_of(fault: Fault) -> str:
    kind = f"status {fault.status}" if fault.kind is FaultKind.STATUS else fault.kind.value.replace("_", " ")
    where = " ".join(text_of(part, 80) for part in (fault.method, fault.path) if part) or "any request of the API"
    return f"Waiting for {where}: {kind}"


def _times(times: int | None) -> str:
    return "no end" if times is None else "once" if times == 1 else f"{times} times"
