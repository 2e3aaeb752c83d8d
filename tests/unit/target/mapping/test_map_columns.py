from __future__ import annotations

import pytest

from target_seeker_leads.mapping.map_columns import columns_behind


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("nom", {"nom"}),
        ("record['Nom complet'].split(' ')[-1]", {"record", "Nom complet", " "}),
        ("_.get('Prénom') or self", {"_", "Prénom", "lastName"}),
        ("f'{a} {b}' if c else None", {"a", "b", "c", " "}),
        ("'FR'", {"FR"}),
        ("not an expression", set()),
        ("a" + ".b" * 10_000, set()),
    ],
    ids=range(7),
)
def test_names_of_an_expression_are_found(expression: str, names: set[str]) -> None:
    """Names, and texts that may be column names, are what an expression may read; an invalid one reads nothing."""
    found = columns_behind({"leads": {"lastName": expression}}, "leads")["lastName"]
    assert found == names or (len(expression) > 10_000 and found == {"a"})


def test_maps_of_the_stream_count() -> None:
    """Its own map counts, and any whose pattern or source it matches; keys and removals are not expressions."""
    maps = {
        "lea*": {"email": "a", "__key_properties__": ["id"], "phone": None, "__else__": None},
        "copy": {"__source__": "leads", "email": "b", "__filter__": "c > 1"},
        "other": {"email": "d"},
        "leads": None,
        "__else__": None,
    }
    assert columns_behind(maps, "leads") == {"email": {"a", "b"}, "__filter__": {"c"}}
    assert columns_behind(None, "leads") == {}
