"""Properties of the mapping that hold for any record."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.mapping.field_names import (
    CONTAINERS,
    FIELD_NAMES,
    TYPED_PHONE_NAMES,
)
from target_seeker_leads.mapping.record_to_request import to_request
from target_seeker_leads.mapping.validation import violations
from tests.complete_lead import LEAD

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([1, -1]).map(lambda sign: sign * 10**5000)  # more digits than Python writes
    | st.floats()
    | st.decimals()
    | st.text(st.characters())  # lone surrogates too
    | st.text("0123456789-+:TZ. ")
    | st.datetimes(timezones=st.none() | st.timezones())
    | st.dates()
)
NAMES = st.sampled_from(
    [name for names in (*FIELD_NAMES.values(), *TYPED_PHONE_NAMES.values()) for name in names]
    + [*FIELD_NAMES, *CONTAINERS, "number", "type"]
) | st.text(st.characters(), max_size=5)
JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(NAMES, children, max_size=3),
    max_leaves=5,
).map(json.dumps)
VALUES = st.recursive(
    SCALARS | JSON_TEXTS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(NAMES, children, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(NAMES, VALUES, max_size=8))
def test_any_record_is_mapped(record: dict[str, Any]) -> None:
    """Any record can be mapped; if no rule is broken, the result is JSON, and every part of it has its source."""
    mapped = to_request(record)
    assert set(mapped.request) <= set(FIELD_NAMES)
    assert {path.split("[")[0] for path in mapped.sources} == set(mapped.request)
    broken = violations({**LEAD, **mapped.request})
    if not broken:
        assert json.loads(json.dumps(mapped.request).encode()) == mapped.request


@pytest.mark.parametrize("name", [*FIELD_NAMES, *CONTAINERS, "mobile"])
def test_very_deep_nests_do_no_harm(name: str) -> None:
    """A value nested deeper than Python can recurse is a value of a wrong shape, like any other."""
    nest: Any = "x"
    for _ in range(20_000):
        nest = [nest]
    for value in (nest, {name: nest}, "[" * 20_000 + "]" * 20_000):
        violations(to_request({name: value}).request)
