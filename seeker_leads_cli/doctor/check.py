"""The results of the doctor: one line for each part of a setup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from seeker_leads_api.errors import SeekerLeadsError, StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Check:
    """The result for one part of a setup: OK, or what is wrong and the cure."""

    name: str
    is_ok: bool
    says: str  #: one line, without personal data or a secret


def attempt(name: str, look: Callable[[], T]) -> T | Check:
    """Return what `look` returns, or its error as a failed check; the text of the error contains the cure.

    Raises:
        StoppedError: a signal arrived.
    """
    try:
        return look()
    except StoppedError:
        raise
    except SeekerLeadsError as error:
        return Check(name, is_ok=False, says=str(error))


def in_one_line(label: str, checks: Sequence[Check]) -> Check:
    """Combine the checks of one of several accounts: what is wrong, or if all is OK, all of it."""
    wrong = [check.says for check in checks if not check.is_ok]
    return Check(f"account {label}", is_ok=not wrong, says="; ".join(wrong or [check.says for check in checks]))
