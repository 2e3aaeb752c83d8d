"""Mutation testing: `python -m mutants`, or `python -m mutants windows refresh`.

Each mutant differs from a module by one small change. If no test of the module fails, the mutant survives: a rule is
not tested, or the change makes no difference, and `mutants/modules` gives the reason. Exits with 1 if a survivor is not
listed, an entry is stale, or less than 90 % of a module's mutants are killed.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field

import yaml

from mutants.mutating import mutants_of
from mutants.running import BrokenTestsError, Outcome, judge, prepare
from mutants.survivors import Change, Module, modules

LEAST_SCORE = 90.0


@dataclass
class Result:
    """What became of the mutants of one module."""

    module: Module
    mutants: int
    killed: int
    survivors: list[tuple[int, Change]] = field(default_factory=list)  #: with their lines
    listed: set[Change] = field(default_factory=set)  #: survivors that are no different

    @property
    def score(self) -> float:
        """The share of all mutants that were killed, in percent, rounded down to a tenth."""
        return self.killed * 1000 // max(self.mutants, 1) / 10

    @property
    def stale(self) -> list[Change]:
        """Entries of the list that were killed, or do not exist any more."""
        return sorted({*self.module.no_difference} - self.listed)

    @property
    def is_good(self) -> bool:
        """Whether the tests notice enough."""
        return self.score >= LEAST_SCORE and not self.survivors and not self.stale


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Test the mutants of the given modules, or of all; print a table."""
    known = modules()
    parser = argparse.ArgumentParser(prog="python -m mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="module", help=f"of {', '.join(known)}; all if none is given")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at once (2)")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no such module: {', '.join(unknown)}")
    results = [test(known[name], options.jobs) for name in options.names or known]
    say("\n| module | mutants | killed | no difference | survived | score |\n|---|---|---|---|---|---|")
    for result in results:
        counts = f"{result.mutants} | {result.killed} | {len(result.listed)} | {len(result.survivors)}"
        say(f"| `{result.module.path}` | {counts} | {result.score} % |")
    return 0 if all(result.is_good for result in results) else 1


def test(module: Module, jobs: int) -> Result:
    """Test the mutants of one module; print those that survive and are not listed."""
    began = time.monotonic()
    cpu_seconds = prepare(module)
    mutants = mutants_of(module.source())
    say(f"{module.name}: {len(mutants)} mutants, {cpu_seconds:.1f} s each ...")
    result = Result(module, len(mutants), 0)
    sources = [mutant.source for mutant in mutants]
    for number, outcome in judge(module, sources, cpu_seconds=2 + 5 * cpu_seconds, jobs=jobs):
        mutant = mutants[number]
        if outcome is Outcome.KILLED:
            result.killed += 1
        elif mutant.change in module.no_difference:
            result.listed.add(mutant.change)
        else:
            result.survivors.append((mutant.line, mutant.change))
    for line, change in sorted(result.survivors):
        say(f"# survived: {module.path}, line {line}")
        say(yaml.safe_dump([change.as_entry()], sort_keys=False, allow_unicode=True, width=1000).rstrip())
    for change in result.stale:
        say(f"# stale: {module.name}: {change}")
    say(f"{module.name}: {result.killed} of {result.mutants} killed in {time.monotonic() - began:.0f} s")
    return result


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenTestsError as error:
        sys.exit(str(error))
