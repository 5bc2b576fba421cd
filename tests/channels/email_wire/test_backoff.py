"""Waits grow, jitter and end."""

from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from channels.email.backoff import GIVE_UP_AFTER, SCHEDULE, next_try, reconnect_after


@given(st.integers(1, 1_000), st.integers())
def test_every_wait_is_within_a_fifth_of_the_schedule_or_it_is_over(attempt, seed):
    wait = next_try(attempt, Random(seed))
    nominal = SCHEDULE[min(attempt, len(SCHEDULE)) - 1]
    assert wait is None or 0.8 * nominal <= wait <= 1.2 * nominal


def test_a_letter_is_tried_for_about_five_days_and_then_given_up():
    waits = []
    while (wait := next_try(len(waits) + 1, Random(1))) is not None:
        waits.append(wait)
    assert timedelta(days=4) < sum(waits, timedelta()) < GIVE_UP_AFTER * 1.2


@given(st.integers(1, 10_000), st.integers())
def test_a_mailbox_is_tried_again_within_a_minute(failures, seed):
    assert 0.5 <= reconnect_after(failures, Random(seed)) <= 60
