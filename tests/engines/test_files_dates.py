"""Dates and instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huikuan.core.refusals import ErrorList
from huikuan.engines.files_dates import FIRST, LAST, DateSurvey, parse_date, parse_instant, read_dates, read_instants
from huikuan.engines.files_faults import Faults
from huikuan.engines.files_text import Wrong

DAYS = st.dates(FIRST, LAST)


def faults_for(count: int) -> Faults:
    return Faults("f", pa.array(range(2, count + 2), pa.int64()), ErrorList(), ErrorList())


@pytest.mark.parametrize(
    "text",
    ["2026-03-05", "2026/3/5", "2026.03.05", "20260305", "2026年3月5日", "2026-03-05 00:00:00", "2026-03-05T12:30:00Z",
     "5 Mar 2026", "05-MAR-2026", "March 5, 2026", "46086", "46086.0"],
)  # fmt: skip
def test_forms_with_one_meaning(text: str) -> None:
    assert parse_date(text, "ymd") == date(2026, 3, 5)


@pytest.mark.parametrize(
    ("text", "order"), [("05/03/2026", "dmy"), ("03/05/2026", "mdy"), ("5.3.2026", "dmy"), ("050326", "%d%m%y")]
)
def test_forms_that_need_an_order(text: str, order: str) -> None:
    assert parse_date(text, order) == date(2026, 3, 5)


@pytest.mark.parametrize(
    "text",
    ["", "2026-02-30", "2026-13-01", "05/03/2026", "05/03/26", "Foo 5, 2026", "1899-12-31", "2201-01-01", "123",
     "2026-3", "20261301", "5-5-5", "2026-03-05x", "99999999", "999999"],
)  # fmt: skip
def test_refused(text: str) -> None:
    assert isinstance(parse_date(text, "ymd"), Wrong)


@pytest.mark.parametrize("text", ["00000000", "0000-00-00", "00.00.0000"])
def test_an_erps_empty_date_is_no_date(text: str) -> None:
    assert parse_date(text, "ymd") is None


@settings(deadline=None)
@given(st.text(max_size=14), st.sampled_from(["ymd", "dmy", "mdy", "excel", "%d%m%y"]))
def test_any_text_is_read_or_refused(text: str, order: str) -> None:
    value = parse_date(text, order)
    assert value is None or isinstance(value, Wrong) or FIRST <= value <= LAST


@settings(deadline=None)
@given(st.lists(DAYS, min_size=1, max_size=20), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_a_column_is_read_right_or_refused_whole(days: list[date], pattern: str) -> None:
    texts = [day.strftime(pattern) if day.year >= 1000 else "" for day in days]
    survey = DateSurvey()
    survey.feed(pa.array(texts))
    order, _, fault = survey.decide("f", "d")
    if fault is None:
        faults = faults_for(len(days))
        assert read_dates(pa.array(texts), order, faults, "d").to_pylist() == days
    else:
        assert all(day.day <= 12 for day in days)


@settings(deadline=None)
@given(DAYS.filter(lambda day: day >= date(1927, 5, 18)))
def test_day_numbers(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert parse_date(str(serial), "ymd") == day


def test_typed_columns() -> None:
    day = date(2026, 3, 5)
    moment = datetime(2026, 3, 5, 0, 30)  # noqa: DTZ001
    for array in (
        pa.array([day, None], pa.date32()),
        pa.array([day, None], pa.date64()),
        pa.array([moment, None], pa.timestamp("ns")),
        pa.array([moment.replace(tzinfo=ZoneInfo("Asia/Shanghai")), None], pa.timestamp("ms", tz="Asia/Shanghai")),
        pa.array(["2026-03-05", None]),
        pa.array([20260305, None], pa.int64()),
    ):
        faults = faults_for(2)
        assert read_dates(array, "ymd", faults, "d").to_pylist() == [day, None], array.type
        assert faults.errors.total == 0
    faults = faults_for(2)
    assert read_dates(pa.array([date(1850, 1, 1), day]), "ymd", faults, "d").to_pylist() == [None, day]
    assert faults.errors.errors[0].code == "date.out_of_range"


def test_instants() -> None:
    east = timezone(timedelta(hours=8))
    assert parse_instant("2026-03-05T08:00:00+08:00", None) == datetime(2026, 3, 5, tzinfo=UTC)
    assert parse_instant("2026-03-05 08:00:00.123456", east) == datetime(2026, 3, 5, 0, 0, 0, 123456, tzinfo=UTC)
    assert parse_instant("2026-03-05", None) == datetime(2026, 3, 5, tzinfo=UTC)
    for text in ("2026-03-05T08:00:00", "x", "1850-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        assert isinstance(parse_instant(text, None), Wrong), text


def test_typed_instants() -> None:
    moment = datetime(2026, 3, 5, 8, 0)  # noqa: DTZ001
    naive = pa.array([moment], pa.timestamp("ns"))
    faults = faults_for(1)
    assert read_instants(naive, "Asia/Shanghai", faults, "r").to_pylist() == [datetime(2026, 3, 5, tzinfo=UTC)]
    assert read_instants(pa.array([date(2026, 3, 5)]), None, faults, "r").to_pylist() == [
        datetime(2026, 3, 5, tzinfo=UTC)
    ]
    assert faults.errors.total == 0
    assert read_instants(naive, None, faults, "r").to_pylist() == [None]
    assert faults.errors.errors[0].code == "instant.no_offset"
