from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api import contract
from target_seeker_leads.mapping import validation
from target_seeker_leads.mapping.quick_check import check_of
from target_seeker_leads.mapping.validation import violations
from tests.unit.target.mapping.test_validation import LEAD

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(),
    st.text(st.characters()),
    st.sampled_from(["\ud800", "FR", "x" * 101, "2026-11-23T08:00:00Z", "a@b.fr", "26ABCDEFGHJK\n", "é", []]),
    st.lists(st.dictionaries(st.sampled_from(["number", "type", "other"]), st.sampled_from(["0639980001", "FAX", 5]))),
)
REQUESTS = st.fixed_dictionaries({}, optional={name: st.just(value) | ODD for name, value in LEAD.items()})


@given(REQUESTS)
def test_what_it_passes_breaks_no_rule(request: dict[str, Any]) -> None:
    """A request that is passed at once is one in which the whole validation finds nothing."""
    if validation._quick_check()(request):
        assert not list(validation._validator().iter_errors(request))


def test_it_passes_good_leads() -> None:
    """Otherwise it would be of no use."""
    assert validation._quick_check()(LEAD)
    assert violations(LEAD) == ()


def test_what_it_does_not_know_is_left_to_the_validation() -> None:
    """A contract with a new keyword is not passed over."""
    schema = contract.schema("CreateLeadRequest")
    more: dict[str, Any]
    for more in ({"oneOf": []}, {"type": ["object", "null"]}, {"additionalProperties": False}, {"$ref": "#/x"}):
        assert not check_of({**schema, **more}, validation._FORMATS, validation._compiled)(LEAD)
