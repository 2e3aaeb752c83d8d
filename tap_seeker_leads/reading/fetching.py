"""The request for one page of leads, retried after transient faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_seeker_leads.leads.page import page_of

if TYPE_CHECKING:
    import requests

    from seeker_leads_api.client import ApiClient
    from tap_seeker_leads.reading.paginator import LeadsPaginator

PATH = "/leads"


def fetch_page(client: ApiClient, paginator: LeadsPaginator, page_size: int) -> requests.Response:
    """Return the answer with the paginator's page; transient faults are retried.

    Raises:
        SeekerLeadsError: there is no such answer.
    """

    def attempt(token: str) -> requests.Response:
        with paginator.attempt() as request:
            response = client.get(PATH, request.query(page_size), token=token)
        page_of(response)  # a body that is not a page is a transient fault too
        return response

    return client.retried(attempt)
