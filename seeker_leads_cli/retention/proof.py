"""Decides what an answer of the API proves about a lead, and in which tables such a proof is possible. Pure."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError, SettingsError

if TYPE_CHECKING:
    from seeker_leads_cli.retention.leads import Leads

NOT_TRUSTED = (
    "The API lacks a lead that the tap read recently, or returns it with another id, so its 404s prove nothing: nothing"
    " was changed. Check `api_url`, the account, and that the table contains this account's leads"
)


def lead_exists(lead_id: str, status: int, body: bytes) -> bool:
    """Return whether the API has a lead, from its answer to a request for this lead.

    Raises:
        FatalError: the answer is neither this lead nor a 404.
    """
    if status == HTTPStatus.NOT_FOUND:
        return False
    if _id_in(body) != lead_id:
        raise FatalError(NOT_TRUSTED)
    return True


def _id_in(body: bytes) -> object:
    """Return the id of the only lead in an answer, which may be a list with one item; None if there is no such lead."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    match content:
        case {"items": [{"metadata": {"leadId": lead_id}}]} | [{"metadata": {"leadId": lead_id}}]:
            return lead_id
        case {"items": [*_]}:
            pass  # a list's own metadata are not a lead's
        case {"metadata": {"leadId": lead_id}}:
            return lead_id
    return None


def refuse_several_accounts(leads: Leads) -> None:
    """Check that the table contains the leads of one account only.

    Raises:
        SettingsError: it contains several, or the rows do not show when they were read.
    """
    if leads.columns.account is not None:
        msg = (
            f"{leads.shown} holds several accounts, but --verify asks only one: its 404s prove nothing about the others"
        )
        raise SettingsError(msg)
    if leads.columns.extracted_at is None or not leads.refresh_days:
        msg = "--verify needs the loader's column _sdc_extracted_at and a `refresh_days` above 0"
        raise SettingsError(msg)
