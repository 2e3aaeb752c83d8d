"""Which mutants a source has."""

from __future__ import annotations

import pytest

from mutants.mutating import mutants_of
from mutants.survivors import Change


def changes(source: str) -> set[str]:
    return {mutant.change.becomes for mutant in mutants_of(source)}


@pytest.mark.parametrize(
    ("decision", "mutants"),
    [
        ("a < b", {"a <= b", "a != b", "a >= b"}),
        ("a is b", {"a is not b"}),
        ("a + b", {"a - b"}),
        ("a and b", {"a or b"}),
        ("a in b", {"a not in b"}),
        ("not a", {"a"}),
        ("7", {"6", "8"}),
        ("True", {"False"}),
        ("min(a, b)", {"max(a, b)"}),
        ("a + 'lead'", {"a - 'lead'", 'a + "mutant"'}),
        ("a('for people to read')", set()),
        ("[x for x in a if x]", {"[x for x in a if not (x)]"}),
    ],
)
def test_decision_is_changed_in_each_way(decision: str, mutants: set[str]) -> None:
    """Comparisons, arithmetic, conditions, numbers, words and filters are changed, and a `return` is left out."""
    assert changes(f"def f(a, b):\n    return {decision}\n") == {"pass", *(f"return {it}" for it in mutants)}


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("def f(a):\n    a.clear()\n", "pass"),
        ("def f(a):\n    a[0] = None\n", "pass"),
        ("def f(a):\n    if a:\n        raise a\n", "pass"),
        (
            "def f(a):\n    try:\n        a()\n    except (A, B):\n        b()\n",
            "except (SystemError, B):",
        ),
        ("def f(a):\n    for x in a:\n        if x:\n            break\n", "continue"),
        ("@cache\ndef f():\n    b()\n", ""),
        ("def f(a):\n    if a:\n        b()\n", "if not a:"),
        ("def f(a):\n    for x in a:\n        b()\n", "for x in []:"),
    ],
)
def test_statement_is_left_out_or_changed(source: str, becomes: str) -> None:
    """Calls, stores, raises, caught exceptions, loops and decorators are changed too."""
    assert becomes in changes(source)


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """Say hello."""\n',
        "def f(a: 'x') -> 'y':\n    b: 'z'\n",
        "if TYPE_CHECKING:\n    from a import b\n",
        "def f():\n    return None\n",
        "'a sentence for people'\n",
    ],
)
def test_what_decides_nothing_has_no_mutant(source: str) -> None:
    """Docstrings, annotations, imports for types and a final `return None` are left alone."""
    assert changes(source) == set()


def test_options_of_a_dataclass_are_left_alone() -> None:
    """That a dataclass is frozen is for the type checker; that it is one decides."""
    assert changes("@dataclass(frozen=True)\nclass C:\n    a: int\n") == {""}


def test_mutants_that_behave_the_same_are_one() -> None:
    """No two mutants are the same code, and none is the source."""
    source = "def f(a, b):\n    return not a < b\n"
    sources = [mutant.source for mutant in mutants_of(source)]
    assert len(sources) == len({*sources, source}) - 1


def test_change_names_its_place() -> None:
    """A change is known by its function, its code before and after, and a number if it comes more than once."""
    source = "class C:\n    def f(self, a):\n        a.clear()\n        b()\n        a.clear()\n"
    found = [(m.line, m.change) for m in mutants_of(source) if m.change.was == "a.clear()"]
    assert found == [(3, Change("C.f", "a.clear()", "pass")), (5, Change("C.f", "a.clear()", "pass", number=2))]
