from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api import contract
from target_seeker_leads.mapping import validation
from target_seeker_leads.mapping.quick_check import check_of, checks_of_properties
from target_seeker_leads.mapping.validation import violations
from tests.unit.target.mapping.test_validation import LEAD

if TYPE_CHECKING:
    import pytest

ODD: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.integers(),
    st.text(st.characters()),
    st.sampled_from(["\ud800", "FR", "x" * 101, "2026-11-23T08:00:00Z", "a@b.fr", "26ABCDEFGHJK\n", "é", []]),
    st.lists(st.dictionaries(st.sampled_from(["number", "type", "other"]), st.sampled_from(["0639980001", "FAX", 5]))),
)
REQUESTS = st.fixed_dictionaries({}, optional={name: st.just(value) | ODD for name, value in LEAD.items()})


@given(REQUESTS)
def test_quick_check_finds_what_the_full_validation_finds(request: dict[str, Any]) -> None:
    """Values that pass the quick check are not validated, and this neither loses nor adds a violation."""
    whole = {validation._violation(error) for error in validation._validator().iter_errors(request)}
    assert set(violations(request)) == whole


def test_good_leads_pass_the_quick_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the quick check would be useless."""
    monkeypatch.setattr(validation, "_validator", None)
    assert violations(LEAD) == ()


def test_unknown_keyword_is_left_to_the_validation() -> None:
    """A contract with a new keyword is left to the full validation, for the whole lead or one field."""
    schema = contract.schema("CreateLeadRequest")
    checks = checks_of_properties(schema, validation._FORMATS, validation._compiled)
    assert all(checks[name](value) for name, value in LEAD.items())
    more: dict[str, Any]
    for more in ({"oneOf": []}, {"type": ["object", "null"]}, {"additionalProperties": False}, {"$ref": "#/x"}):
        assert not checks_of_properties({**schema, **more}, validation._FORMATS, validation._compiled)
        assert not check_of({**schema, **more}, validation._FORMATS, validation._compiled)(LEAD)
    assert not check_of({"type": "string", "not": {}}, validation._FORMATS, validation._compiled)("")
