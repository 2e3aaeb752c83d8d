"""The changes that are made, one at a time: those of Cosmic Ray that can alter a decision, and some of our own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator
from parso import parse
from parso.python.tree import Keyword, Name, String

if TYPE_CHECKING:
    from collections.abc import Iterator

#: To which operators each is changed. Others differ in the same cases, so they would be killed by the same tests.
_COMPARISONS = {
    "Lt": ("LtE", "NotEq", "GtE"),
    "LtE": ("Lt", "Eq", "Gt"),
    "Gt": ("GtE", "NotEq", "LtE"),
    "GtE": ("Gt", "Eq", "Lt"),
    "Eq": ("NotEq", "LtE", "GtE"),
    "NotEq": ("Eq", "Lt", "Gt"),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
_ARITHMETIC = {
    "Add": ("Sub",),
    "Sub": ("Add",),
    "Mul": ("FloorDiv",),
    "Div": ("Mul",),
    "FloorDiv": ("Mul",),
    "Mod": ("FloorDiv",),
    "Pow": ("Mul",),
    "BitOr": ("BitAnd",),
    "BitAnd": ("BitOr",),
    "BitXor": ("BitAnd",),
    "LShift": ("RShift",),
    "RShift": ("LShift",),
}
_FROM_COSMIC_RAY = (
    *(f"ReplaceComparisonOperator_{one}_{other}" for one, others in _COMPARISONS.items() for other in others),
    *(f"ReplaceBinaryOperator_{one}_{other}" for one, others in _ARITHMETIC.items() for other in others),
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_USub",
    "AddNot",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "RemoveDecorator",
    "ZeroIterationForLoop",
)


_OPPOSITES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class _Replacement(Operator):  # type: ignore[misc]  # Cosmic Ray has no types
    """Replaces whole nodes of the parsed source."""

    def replacement(self, node: Any) -> Any:
        """Return the node to put in place of that one, or None to leave it."""
        raise NotImplementedError

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if self.replacement(node) is not None:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:  # noqa: ARG002  # the name is Cosmic Ray's; there is one change a node
        return self.replacement(node)

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


class DeleteStatement(_Replacement):
    """Deletes a statement that acts: a call, `return`, `raise`, or an assignment to anything but a local name."""

    _ACTS = frozenset({"atom_expr", "return_stmt", "raise_stmt", "del_stmt", "yield_expr"})

    def replacement(self, node: Any) -> Any:
        parent = node.parent
        if parent is None or parent.type != "simple_stmt" or parent.children[0] is not node:
            return None
        is_loop_control = node.type == "keyword" and node.value in {"break", "continue", "return", "raise"}
        is_stored = node.type == "expr_stmt" and (
            node.children[0].type != "name" or (node.children[1].type == "operator" and node.children[1].value != "=")
        )
        if not (node.type in self._ACTS or is_loop_control or is_stored):
            return None
        return Keyword("pass", node.start_pos, node.get_first_leaf().prefix)


class ForgetException(_Replacement):
    """Catches one exception less."""

    def replacement(self, node: Any) -> Any:
        parent = node.parent
        if parent is not None and parent.type == "testlist_comp":  # several, in parentheses
            node, parent, is_one_of_them = parent.parent, parent.parent.parent, node.type != "operator"
        else:
            is_one_of_them = node.type in {"name", "atom_expr"} or None
        if parent is None or parent.type != "except_clause" or parent.children[1] is not node or not is_one_of_them:
            return None
        return parse(" SystemError")


class SwapFunction(_Replacement):
    """Calls the opposite function."""

    def replacement(self, node: Any) -> Any:
        if node.type != "name" or node.value not in _OPPOSITES:
            return None
        following = node.get_next_leaf()
        if following is None or following.value != "(":
            return None
        return Name(_OPPOSITES[node.value], node.start_pos, node.prefix)


class ReplaceWord(_Replacement):
    """Replaces a string that is a name, a key or a code; sentences are for people."""

    _WORD = re.compile(r"""(["'])[^\s"']*\1""")

    def replacement(self, node: Any) -> Any:
        if node.type != "string" or not self._WORD.fullmatch(node.value):
            return None
        return String('"mutant"', node.start_pos, node.prefix)


class NegateMembership(_Replacement):
    """Swaps `in` and `not in`."""

    def replacement(self, node: Any) -> Any:
        if node.parent is None or node.parent.type != "comparison":
            return None
        if node.type == "keyword" and node.value == "in":
            return Keyword("not in", node.start_pos, node.prefix)
        if node.type == "comp_op" and [leaf.value for leaf in node.children] == ["not", "in"]:
            return Keyword("in", node.start_pos, node.get_first_leaf().prefix)
        return None


class NegateFilter(_Replacement):
    """Negates the `if` of a comprehension."""

    def replacement(self, node: Any) -> Any:
        if node.parent is None or node.parent.type != "comp_if" or node.parent.children[1] is not node:
            return None
        return parse(f" not ({node.get_code(include_prefix=False)})")


def operators() -> tuple[Any, ...]:
    """Return all of them."""
    own = (DeleteStatement, ForgetException, SwapFunction, ReplaceWord, NegateMembership, NegateFilter)
    return (*(get_operator(f"core/{name}")() for name in _FROM_COSMIC_RAY), *(operator() for operator in own))
