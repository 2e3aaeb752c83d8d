"""Reads a Dockerfile, with only the instructions that this repository's Dockerfile uses."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from string import Template
from typing import TYPE_CHECKING

from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One instruction that changes files, with its variables and its folder."""

    instruction: str  # COPY or RUN
    words: str
    variables: Mapping[str, str]
    folder: str


@dataclass(frozen=True)
class Stage:
    """One stage: its parent, its steps, and how a container of it starts."""

    name: str
    parent: str
    steps: tuple[Step, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"
    command: tuple[str, ...] = ()


def stages_of(text: str, base_path: str) -> dict[str, Stage]:
    """Return the stages by name; an unknown instruction is an error.

    `base_path` is the `PATH` of the base image.
    """
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for instruction, words in _lines(text):
        if instruction == "FROM":
            parent, name = words.split(" AS ")
            stage = replace(
                stages.get(parent, Stage("", parent, variables={"PATH": base_path})), name=name, parent=parent, steps=()
            )
        else:
            assert stage is not None, "the first instruction is FROM"
            stage = _after(stage, instruction, words)
        stages[stage.name] = stage
    return stages


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            instruction, _, words = line.partition(" ")
            yield instruction, words.strip()


def _after(stage: Stage, instruction: str, words: str) -> Stage:
    if instruction == "ENV":
        given = dict(pair.split("=", 1) for pair in words.split())
        known = stage.variables
        return replace(stage, variables={**known, **{k: Template(v).substitute(known) for k, v in given.items()}})
    if instruction == "WORKDIR":
        made = Step("RUN", f"mkdir -p {words}", stage.variables, "/")
        return replace(stage, folder=words, steps=(*stage.steps, made))
    if instruction == "USER":
        return replace(stage, user=words)
    if instruction == "CMD":
        return replace(stage, command=tuple(json.loads(words)))
    assert instruction in {"COPY", "RUN"}, f"{instruction} is not read here"
    step = Step(instruction, words, stage.variables, stage.folder)
    return replace(stage, steps=(*stage.steps, step))


def build_context() -> list[Path]:
    """Return the files that `.dockerignore` lets into an image: it starts with `*`, and lists the exceptions."""
    lines = [line for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]
    assert lines[0] == "*"
    roots = [line.removeprefix("!") for line in lines if line.startswith("!")]
    left_out = [line.removeprefix("**/") for line in lines[1:] if line.startswith("**/")]
    assert len(lines) == 1 + len(roots) + len(left_out)
    files = [file for root in roots for file in [PROJECT / root, *(PROJECT / root).rglob("*")] if file.is_file()]
    return [file for file in files if not any(fnmatch(part, name) for part in file.parts for name in left_out)]


def sources_of(step: Step) -> tuple[str, list[str], str]:
    """Return the stage that a COPY reads from (empty: the project), its sources and its target."""
    origin = re.match(r"--from=(\S+) ", step.words)
    *sources, target = re.sub(r"^--\S+ ", "", step.words).split()
    return (origin[1] if origin else ""), sources, target
