"""All mutants of a source: each differs from it by one change that may alter what it does."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from textwrap import dedent

from cosmic_ray.mutating import mutate_code

from mutants.operators import operators
from mutants.survivors import Change, place_of

#: Cosmic Ray puts a space before what it inserts, which may be there already.
_INSERTED_SPACE = re.compile(r"(?<=[(\[])[ ]|(?<=\S[ ])[ ](?!#)")


@dataclass(frozen=True)
class Mutant:
    """One changed version of a source."""

    change: Change
    line: int
    source: str


def mutants_of(source: str) -> list[Mutant]:
    """Return the mutants, in the order of their lines."""
    tree = ast.parse(source)
    seen = {_behaviour(tree)}
    mutants, counted = [], Counter[tuple[str, str, str]]()
    for operator in operators():
        occurrence = 0
        while (mutated := mutate_code(source, operator, occurrence)) is not None:
            occurrence += 1
            try:
                behaviour = _behaviour(ast.parse(mutated))
            except SyntaxError:  # such as two loops' `break` swapped outside of any
                continue
            if behaviour in seen:
                continue
            seen.add(behaviour)
            line, was, becomes = _difference(source, mutated)
            key = (place_of(tree, line), was, becomes)
            counted[key] += 1
            mutants.append(Mutant(Change(*key, number=counted[key]), line, mutated))
    return sorted(mutants, key=lambda mutant: mutant.line)


def _difference(source: str, mutated: str) -> tuple[int, str, str]:
    """Return the first line that differs, and the lines that differ before and after."""
    before, after = source.splitlines(), mutated.splitlines()
    changes = [
        change for change in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if change[0] != "equal"
    ]
    start, end, new_start, new_end = changes[0][1], changes[-1][2], changes[0][3], changes[-1][4]
    while not before[start].strip():  # blank lines before a decorator go with it
        start += 1
    return start + 1, _code(before[start:end]), _INSERTED_SPACE.sub("", _code(after[new_start:new_end]))


def _code(lines: list[str]) -> str:
    return dedent("\n".join(line.rstrip() for line in lines))


def _behaviour(tree: ast.Module) -> str:
    return ast.dump(_Behaviour().visit(ast.parse(ast.unparse(tree))))


class _Behaviour(ast.NodeTransformer):
    """Leaves what runs: no annotations, docstrings, imports for types, or options of dataclasses."""

    def visit_If(self, node: ast.If) -> ast.AST:
        names = [name.id for name in ast.walk(node.test) if isinstance(name, ast.Name)]
        return ast.Pass() if names == ["TYPE_CHECKING"] else self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        return ast.Pass() if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func:
            case ast.Name("dataclass"):
                return node.func
            case ast.Name("cast"):
                return self.generic_visit(node.args[1])
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        _drop_final_none(node.body)
        return self.generic_visit(node)


def _drop_final_none(body: list[ast.stmt]) -> None:
    """Remove `return None` where a function ends with None by itself."""
    match body:
        case [*_, ast.Return(None | ast.Constant(None))]:
            body[-1] = ast.Pass()
        case [*_, ast.If(body=then, orelse=otherwise)]:
            _drop_final_none(then)
            _drop_final_none(otherwise)
        case [*_, ast.Try(handlers=handlers, finalbody=[])]:
            for handler in handlers:
                _drop_final_none(handler.body)
