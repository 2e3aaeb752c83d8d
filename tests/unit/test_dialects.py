"""The dialects that stand for all: a missing combination would be an untested one."""

from __future__ import annotations

import itertools

import pytest

from tests.dialects import AXES, covering_array, covering_dialects, name


@pytest.mark.parametrize("strength", [2, 3])
def test_every_combination_of_values_occurs(strength: int) -> None:
    """Any two or three values of different axes occur together in a dialect, and no dialect is listed twice."""
    dialects = covering_dialects(strength)
    for axes in itertools.combinations(AXES, strength):
        occurring = {tuple(getattr(dialect, axis) for axis in axes) for dialect in dialects}
        assert occurring == set(itertools.product(*(AXES[axis] for axis in axes)))
    assert len({name(dialect) for dialect in dialects}) == len(dialects) < 80


def test_array_is_the_same_each_time() -> None:
    """Workers that run parts of the tests agree on their names."""
    assert covering_array([2, 2, 2, 2], 3) == covering_array([2, 2, 2, 2], 3)
    assert len(covering_array([2, 2, 2, 2], 3)) == 8


def test_all_columns_are_the_full_product() -> None:
    """With as many columns as there are, no row may be missing."""
    assert sorted(covering_array([3, 2], 2)) == sorted(itertools.product(range(3), range(2)))
