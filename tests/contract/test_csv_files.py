"""A table that is downloaded as CSV: plain numbers, and no text of a stranger that a spreadsheet would calculate."""

from datetime import date
from decimal import Decimal

import pytest

from contract.csv_files import csv_response


def lines_of(rows) -> list[str]:
    answer = csv_response("people", ("name", "value"), rows)
    assert answer["Content-Disposition"] == 'attachment; filename="people.csv"'
    return b"".join(answer.streaming_content).decode().splitlines()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\u00a0@x", "\uff1d1+1", "\t=1"])
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text):
    assert lines_of([(text, "plain")])[1:] == [f"'{text},plain"]


def test_numbers_and_days_stay_what_they_are():
    rows = [(Decimal("-1E+3"), 7), (date(2026, 5, 14), None), (True, "a,b")]
    assert lines_of(rows) == ["\ufeffname,value", "-1000,7", "2026-05-14,", 'True,"a,b"']
