"""Ids and moments as text: quick, and what Python's own functions say."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from projections.projection import instant, moment, text_of

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1902, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC) | ZONES)  # noqa: DTZ001 - the zones come beside


@given(st.uuids())
def test_an_id_is_spelled_as_python_spells_it(id: object) -> None:
    assert text_of(id) == str(id)  # type: ignore[arg-type]


@given(MOMENTS)
def test_a_moment_has_27_characters_and_comes_back(when: datetime) -> None:
    text = instant(when)
    assert (len(text), moment(text)) == (27, when)
    assert text == when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_text_as_they_do_in_time(one: datetime, other: datetime) -> None:
    assert (instant(one) < instant(other)) == (one < other)


def test_a_moment_beyond_the_calendar_is_the_last_one_that_has_a_name() -> None:
    west, east = timezone(timedelta(hours=-12)), timezone(timedelta(hours=12))
    assert instant(datetime(9999, 12, 31, 23, 59, 59, tzinfo=west)) == "9999-12-31T23:59:59.999999Z"
    assert instant(datetime(1, 1, 1, tzinfo=east)) == "0001-01-01T00:00:00.000000Z"
