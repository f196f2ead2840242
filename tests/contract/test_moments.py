"""Moments are read as ISO 8601, in the account's zone where they name none."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contract.moments import parse_moment, present_moment

KYIV = ZoneInfo("Europe/Kyiv")  # +02:00, in summer +03:00


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-05-14T10:11:00", datetime(2020, 5, 14, 7, 11, tzinfo=UTC)),
        ("2020-01-14T10:11", datetime(2020, 1, 14, 8, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00Z", datetime(2020, 5, 14, 10, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00+03:00", datetime(2020, 5, 14, 7, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00-0530", datetime(2020, 5, 14, 15, 41, tzinfo=UTC)),
        ("2020-05-14T10:11:00+03", datetime(2020, 5, 14, 7, 11, tzinfo=UTC)),
        ("2020-05-14T10:11:00.5Z", datetime(2020, 5, 14, 10, 11, 0, 500_000, tzinfo=UTC)),
        ("2020-05-14T10:11:00,123456789Z", datetime(2020, 5, 14, 10, 11, 0, 123_456, tzinfo=UTC)),
        ("2020-10-25T03:30:00", datetime(2020, 10, 25, 0, 30, tzinfo=UTC)),  # named twice: the first
        ("2020-03-29T03:30:00", datetime(2020, 3, 29, 1, 30, tzinfo=UTC)),  # skipped: as before the change
        ("1900-01-01T00:00:00+14:00", datetime(1899, 12, 31, 10, tzinfo=UTC)),
        ("9998-12-31T23:59:59-12:00", datetime(9999, 1, 1, 11, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_date_time_is_read(text, expected):
    assert parse_moment(text, KYIV, takes_a_day=False) == expected
    assert parse_moment(text, KYIV, takes_a_day=True) == expected


def test_a_date_alone_is_the_start_of_that_day_in_the_accounts_zone_where_a_day_is_taken():
    assert parse_moment("2020-05-14", KYIV, takes_a_day=True) == datetime(2020, 5, 13, 21, tzinfo=UTC)
    assert parse_moment("2020-05-14", KYIV, takes_a_day=False) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "x", "2020", "2020-05", "20200514", "2020-W20-4", "2020-135", "14.05.2020", "2020-05-14 10:11:00",
     "2020-05-14t10:11:00", "2020-05-14T10", "2020-05-14T10:11:00z", "2020-05-14T24:00:00", "2020-05-14T10:60:00",
     "2020-05-14T10:11:60", "2020-02-30", "2020-13-01T00:00:00", "2020-05-14T10:11:00+24:00", "2020-05-14Z",
     "2020-05-14T10:11:00+03:60", "2020-05-14T10:11:00.Z", "2020-05-14T10:11.5", " 2020-05-14", "2020-05-14\n",
     "٢٠٢٠-٠٥-١٤", "1899-12-31T23:59:59", "9999-01-01", "0000-01-01", "-2020-05-14", "+12020-05-14", "1589440260"],
)  # fmt: skip
def test_what_is_no_moment_is_none(text):
    assert parse_moment(text, KYIV, takes_a_day=True) is None


def test_a_moment_of_before_there_were_zones_is_written_in_utc_as_its_offset_has_seconds():
    """Kyiv was 2:02:04 ahead until 1924; ISO 8601 writes no seconds of an offset, and reads none here."""
    moment = datetime(1910, 5, 1, 7, 57, 56, tzinfo=UTC)
    assert present_moment(moment, KYIV) == "1910-05-01T07:57:56+00:00"
    assert present_moment(datetime(2020, 5, 14, 7, 11, tzinfo=UTC), KYIV) == "2020-05-14T10:11:00+03:00"
    assert parse_moment(present_moment(moment, KYIV), KYIV, takes_a_day=False) == moment
