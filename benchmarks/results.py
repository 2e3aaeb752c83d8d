"""All results of one run of the benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.measure import medians

if TYPE_CHECKING:
    from benchmarks.accounts import AccountsFigures
    from benchmarks.capacity import Capacity
    from benchmarks.cases import Case
    from benchmarks.comparison.comparison import Comparison
    from benchmarks.contenders import Contender
    from benchmarks.measure import Figures
    from benchmarks.shared_limit import Shared
    from benchmarks.webhooks import Webhooks


@dataclass(slots=True)
class CaseResults:
    """The runs of one case, by contender, in the order in which the report shows them."""

    case: Case
    runs: dict[str, list[Figures]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)  #: contender -> what went wrong

    def add(self, contender: Contender, figures: Figures) -> None:
        """Add a run."""
        self.titles[contender.name] = contender.title
        self.runs.setdefault(contender.name, []).append(figures)

    def of(self, name: str) -> Figures | None:
        """Return the medians of a contender; None if it was not measured or failed once."""
        return medians(self.runs[name]) if name in self.runs and name not in self.failures else None


@dataclass(slots=True)
class Results:
    """All results; a case that was not requested is missing."""

    limited: list[CaseResults] = field(default_factory=list)
    shared: tuple[Shared, ...] = ()
    nothing: CaseResults | None = None
    cpu: CaseResults | None = None
    memory: list[CaseResults] = field(default_factory=list)
    capacity: tuple[Capacity, ...] = ()
    webhooks: Webhooks | None = None
    accounts: list[AccountsFigures] = field(default_factory=list)
    comparison: Comparison | None = None

    @property
    def cases(self) -> list[CaseResults]:
        """Every case that was measured."""
        return [*self.limited, *(case for case in (self.nothing, self.cpu) if case is not None), *self.memory]

    def limited_case(self, name: str) -> CaseResults | None:
        """Return one of the cases with the API's limit."""
        return next((results for results in self.limited if results.case.name == name), None)
