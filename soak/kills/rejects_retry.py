"""`seeker-leads rejects retry`: a letter is in the file or delivered, never neither, while others are appended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soak.kills.deliveries import BAD_EACH, Deliveries
from target_seeker_leads.dead_letters import DeadLetterFile
from tests.letters import letter

if TYPE_CHECKING:
    from soak.kills.subject import Place
    from tests.programs import Program

_LETTERS = 30


class RejectsRetry(Deliveries):
    """Sends the letters of a file."""

    name = "rejects retry"
    statuses = frozenset({1})  # each tenth letter fails again

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._append(_LETTERS)

    def _append(self, count: int) -> None:
        file = DeadLetterFile(self.rejects)
        for number in self.add(count):
            file.append(letter(number))

    def program(self) -> Program:
        """Send all that are in the file."""
        return self.command("seeker-leads", "rejects", "retry", "--config", self.folder / "config.json")

    def prepare(self) -> None:
        """Append letters, as a run of the target does."""
        super().prepare()
        if self._asked:
            self._append(self.rng.randint(0, 3))

    def look(self) -> None:
        """Check the file: whole after each kill."""
        super().look()
        self.result.lost |= self.missing(range(self.count))
        twice = (number for number, times in self.kept.items() if times > 1)
        self.result.duplicated |= {f"letter {number}": "it is in the file twice" for number in twice}

    def is_complete(self) -> bool:
        """Return whether the file has only letters that cannot be delivered."""
        return all(number % BAD_EACH == 0 or self.in_flight[number] for number in self.kept)
