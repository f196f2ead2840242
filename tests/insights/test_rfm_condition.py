"""A condition on RFM: read from JSON, evaluated in Python and in SQL alike, and said in words."""

from itertools import product

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from insights.rfm import refresh
from insights.rfm.cells import SCORES, Segment, segment_of
from insights.rfm.condition import RfmCondition, Scores, holds, parse_condition, to_json
from insights.rfm.membership import computed_at, load_scores, membership
from insights.rfm.models import RfmSnapshot
from insights.rfm.words import in_words
from tests.insights.test_rfm import DAY, people  # noqa: F401 - a fixture

some_scores = st.lists(st.sampled_from(SCORES), max_size=3, unique=True).map(tuple)
conditions = st.builds(
    RfmCondition,
    currency=st.just("UAH"),
    segments=st.lists(st.sampled_from(Segment), max_size=3, unique=True).map(tuple),
    recency=some_scores,
    frequency=some_scores,
    monetary=some_scores,
).filter(lambda it: it.segments or it.recency or it.frequency or it.monetary)


@given(conditions)
def test_a_condition_is_read_as_it_was_written(condition):
    assert parse_condition(to_json(condition)) == condition


@pytest.mark.parametrize(
    ("value", "problems"),
    [
        ("champions", [("/x/rfm", "wrong_type")]),
        ({}, [("/x/rfm/currency", "missing")]),
        ({"currency": "UAH"}, [("/x/rfm", "missing")]),
        ({"currency": ["UAH"], "segment": "champions"}, [("/x/rfm/currency", "invalid")]),
        ({"currency": "ABC", "segment": "gold"}, [("/x/rfm/currency", "invalid"), ("/x/rfm/segment", "invalid")]),
        ({"currency": "UAH", "segment": []}, [("/x/rfm/segment", "empty")]),
        ({"currency": "UAH", "segment": ["champions", 5]}, [("/x/rfm/segment/1", "invalid")]),
        ({"currency": "UAH", "recency": 6}, [("/x/rfm/recency", "invalid")]),
        ({"currency": "UAH", "recency": True}, [("/x/rfm/recency", "invalid")]),
        ({"currency": "UAH", "monetary": "5"}, [("/x/rfm/monetary", "invalid")]),
        ({"currency": "UAH", "segment": "loyal", "a/b": 1}, [("/x/rfm/a~1b", "unknown_member")]),
    ],
)
def test_what_is_no_condition_is_said_at_its_place(value, problems):
    found = parse_condition(value, "/x/rfm")
    assert [(problem.pointer, problem.code) for problem in found] == problems


def test_it_is_said_in_words():
    condition = RfmCondition(currency="UAH", segments=(Segment.LOYAL, Segment.CHAMPIONS), monetary=(5,))
    assert in_words(condition) == "RFM in UAH: Loyal or Champions; monetary score 5"


@pytest.mark.django_db
def test_sql_finds_whom_python_finds(people):  # noqa: F811
    assert computed_at() is None
    statement, parameters = membership(RfmCondition(currency="UAH", recency=SCORES))
    assert _found(statement, parameters) == set()
    refresh.compute(DAY)
    assert computed_at() is None  # DAY is not the day that goes on
    RfmSnapshot.objects.update(is_current=True)
    scores = load_scores([contact.pk for contact in people.values()], "UAH")
    assert len(scores) == 10
    assert load_scores([people["Lev"].pk], "EUR") == {}
    several = [(), (5,), (1, 2)]
    for recency, frequency, monetary in product(several, several, several):
        for segments in [(), (Segment.CHAMPIONS, Segment.HIBERNATING)]:
            condition = RfmCondition(
                currency="UAH", segments=segments, recency=recency, frequency=frequency, monetary=monetary
            )
            expected = {contact_id for contact_id, held in scores.items() if holds(condition, held)}
            assert _found(*membership(condition)) == expected


def _found(statement: str, parameters: list) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = [contact_id for (contact_id,) in cursor.fetchall()]
    assert len(found) == len(set(found))
    return set(found)


def test_who_has_bought_nothing_fulfils_nothing():
    assert not holds(RfmCondition(currency="UAH", recency=SCORES), None)
    assert holds(RfmCondition(currency="UAH", segments=(segment_of(5, 5),)), Scores(recency=5, frequency=5, monetary=1))
