from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.delivery.failure_action import (
    MAX_FAILURES_IN_A_ROW,
    Action,
    Circumstances,
    Failure,
    decide_action,
)

REFUSED, LOST, TOO_OFTEN = Failure.REFUSED, Failure.LOST, Failure.LOST_TOO_OFTEN
FIRST = Circumstances()
BEFORE = Circumstances(accepted_before=True)
AFTER = Circumstances(accepted_after=True)
IN_A_ROW = Circumstances(failures_in_a_row=MAX_FAILURES_IN_A_ROW, accepted_before=True)
END = Circumstances(is_over=True)
END_BEFORE = Circumstances(is_over=True, accepted_before=True)
END_BEFORE_TWO = Circumstances(failures_in_a_row=2, is_over=True, accepted_before=True)
KNOWN = Circumstances(failures_in_a_row=MAX_FAILURES_IN_A_ROW, accepted_since_first_try=True)
END_SINCE = Circumstances(is_over=True, accepted_since_first_try=True)


@pytest.mark.parametrize(
    ("circumstances", "refused", "too_often"),
    [
        pytest.param(FIRST, Action.HOLD, Action.HOLD, id="first of a run"),
        pytest.param(
            BEFORE,
            Action.HOLD,
            Action.HOLD,
            id="others accepted before: the account may have closed since",
        ),
        pytest.param(AFTER, Action.KEEP, Action.KEEP, id="others accepted after"),
        pytest.param(IN_A_ROW, Action.STOP, Action.STOP, id="five in a row"),
        pytest.param(
            KNOWN,
            Action.KEEP,
            Action.KEEP,
            id="five in a row, but others accepted since an earlier run's try",
        ),
        pytest.param(END_BEFORE_TWO, Action.LEAVE, Action.LEAVE, id="two at the end: an outage may have begun"),
        pytest.param(END, Action.LEAVE, Action.LEAVE, id="all failed"),
        pytest.param(END_BEFORE, Action.KEEP, Action.LEAVE, id="at the end, others accepted before"),
        pytest.param(END_SINCE, Action.KEEP, Action.KEEP, id="at the end, others accepted since the first try"),
    ],
)
def test_refused_record_is_kept_only_if_others_are_accepted(
    circumstances: Circumstances, refused: Action, too_often: Action
) -> None:
    """A record is at fault if others are accepted; it is held while that is unknown, and an outage keeps nothing."""
    assert decide_action(REFUSED, circumstances) is refused
    assert decide_action(TOO_OFTEN, circumstances) is too_often


@pytest.mark.parametrize("circumstances", [FIRST, BEFORE, AFTER, END, END_BEFORE, END_SINCE])
def test_lost_answer_below_the_bound_is_the_next_runs(circumstances: Circumstances) -> None:
    """A lead that may be sent again is left to the next run, whatever the results of others."""
    assert decide_action(LOST, circumstances) is Action.LEAVE


@given(
    st.sampled_from(Failure),
    st.builds(Circumstances, st.integers(1, 9), st.booleans(), st.booleans(), st.booleans(), st.booleans()),
)
def test_nothing_is_kept_while_nothing_is_accepted(failure: Failure, circumstances: Circumstances) -> None:
    """A dead letter requires an accepted lead of another record; and at the end of a run, none stays held."""
    action = decide_action(failure, circumstances)
    others = (
        circumstances.accepted_before,
        circumstances.accepted_after,
        circumstances.accepted_since_first_try,
    )
    assert action is not Action.KEEP or any(others)
    assert not (circumstances.is_over and action is Action.HOLD)
