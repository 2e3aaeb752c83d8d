"""Runs a module's tests against one of its mutants, in a fork of a process that has imported everything else."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.abc
import importlib.util
import math
import multiprocessing
import os
import resource
import sys
import time
import warnings
from dataclasses import dataclass
from enum import Enum
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import hypothesis
import pytest

from mutants.survivors import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess
    from types import ModuleType

    from mutants.survivors import Module

_FORK = multiprocessing.get_context("fork")
#: Of real time, for tests that wait for something that does not happen.
_LONGEST_SECONDS = 180
#: A mutant that needs more is killed: it may loop forever, or fill the memory.
_MEMORY_BYTES = 2 << 30
#: A failure is enough: it is neither made smaller nor remembered. The same inputs are tried each time.
hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    database=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)
_OPTIONS = (
    *("-x", "-q", "--no-header", "--hypothesis-profile=mutants"),
    *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"),
    "--assert=plain",  # nobody reads what an assertion compared, so its source need not be rewritten
)


class Outcome(Enum):
    """The verdict of the tests on a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"


@dataclass(frozen=True)
class _Loader(importlib.abc.Loader, importlib.abc.MetaPathFinder):
    """Imports one module from another source than its file, or refuses to: no file is ever changed."""

    module: Module
    source: str | None

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002  # as importlib calls it
        if fullname != self.module.dotted:
            return None
        return importlib.util.spec_from_file_location(fullname, PROJECT / self.module.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        if self.source is None:
            msg = "each fork imports it anew"
            raise ImportError(msg)
        exec(compile(self.source, self.module.path, "exec"), module.__dict__)  # noqa: S102  # a mutant of our own code


class BrokenTestsError(Exception):
    """The tests fail without a mutant."""


def prepare(module: Module) -> float:
    """Run the tests on the module as it is, and import what they need; return the CPU seconds of a run after that.

    Raises:
        BrokenTestsError: a test fails.
    """
    for name in [*filter(_is_ours, sys.modules)]:  # those that were imported for the module before
        del sys.modules[name]
    receiver, sender = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_run_tests, args=(module, module.source(), _LONGEST_SECONDS, sender))
    process.start()
    sender.close()
    try:
        status, names = receiver.recv()
    except EOFError:
        status, names = 1, []
    process.join()
    if status:
        msg = f"The tests of {module.name} fail without a mutant: run `pytest {' '.join(module.tests)}`"
        raise BrokenTestsError(msg)
    _import_all_but(module, names)
    gc.freeze()  # or each fork would go through all of it, and copy it
    before = _cpu_seconds_of_forks()
    if next(judge(module, [module.source()], cpu_seconds=_LONGEST_SECONDS, jobs=1))[1] is Outcome.KILLED:
        msg = f"The tests of {module.name} fail in a fork"
        raise BrokenTestsError(msg)
    return _cpu_seconds_of_forks() - before


def _cpu_seconds_of_forks() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _import_all_but(module: Module, names: list[str]) -> None:
    """Import everything that depends neither on the module nor on its tests."""
    refusal = _Loader(module, None)
    sys.meta_path.insert(0, refusal)
    for name in names:
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(name)
    sys.meta_path.remove(refusal)


def _is_ours(name: str) -> bool:
    """Return whether it is a module of the product or of the tests."""
    file = getattr(sys.modules[name], "__file__", None) or ""
    is_this_program = name.startswith(("mutants", "__main__"))
    return file.startswith(str(PROJECT)) and "site-packages" not in file and not is_this_program


def judge(module: Module, sources: Sequence[str], *, cpu_seconds: float, jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Yield the number of each source and its outcome, as the tests end.

    A mutant is killed if its tests compute for longer than `cpu_seconds`, however busy the machine is, or never end.
    """
    waiting = list(enumerate(sources))[::-1]
    running: dict[int, tuple[ForkProcess, float]] = {}
    numbers: dict[int, int] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            number, source = waiting.pop()
            process = _FORK.Process(target=_run_tests, args=(module, source, cpu_seconds, None))
            process.start()
            running[process.sentinel] = (process, time.monotonic() + _LONGEST_SECONDS)
            numbers[process.sentinel] = number
        first = min(deadline for _, deadline in running.values())
        wait([*running], timeout=max(first - time.monotonic(), 0))
        for sentinel, (process, deadline) in [*running.items()]:
            if process.is_alive() and time.monotonic() < deadline:
                continue
            outcome = Outcome.SURVIVED if process.exitcode == 0 else Outcome.KILLED
            process.kill()
            process.join()
            del running[sentinel]
            yield numbers[sentinel], outcome


def _run_tests(module: Module, source: str, cpu_seconds: float, tell: Connection | None) -> None:
    """Run the tests in this process, and end it: with 0 if all passed."""
    if module.dotted in sys.modules:
        os._exit(1)  # the tests would get this one
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(cpu_seconds),) * 2)
    with contextlib.suppress(ValueError, OSError):  # not every system has such a limit
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    sys.meta_path.insert(0, _Loader(module, source))
    quiet = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(quiet, stream)
    status = int(pytest.main([*_OPTIONS, *module.tests]))
    if tell is not None:
        tell.send((status, [name for name in sys.modules if not name.startswith("tests")]))
    os._exit(status)
