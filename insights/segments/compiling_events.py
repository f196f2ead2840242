"""The events that a condition is about, as SQL. Pure; see compiling.py.

Events are kept as they were sent, so a parameter is read from the body of each event of the type in the window: the
index by type and id bounds how many those are, and the grammar how long a window may be. The body is read as `json` and
not as `jsonb`, which refuses numbers that are valid JSON, such as 1e999999.
"""

from collections.abc import Iterator
from decimal import Decimal

from insights.segments.conditions import Comparison, EventCondition, ParameterTest
from insights.segments.facts import Facts
from insights.segments.sql import EVERYBODY, NOBODY, Sql, every, some

# A value as text, and whether that text is a number that fits a comparison.
TEXT = "v.value #>> '{}'"
IS_SCALAR = "json_typeof(v.value) IN ('string', 'number', 'boolean')"
A_NUMBER = r"'^-?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?$'"


def event_rows(leaf: EventCondition, facts: Facts) -> Sql:
    """What stands behind FROM: the applied events (e) of the condition with their outcomes, which name the contact.

    An event stands at the moment when it occurred, where it says one, and never later than when it was received; so
    those of a window are among the ones that were received since its start. Indexes: event_by_type, and the key of
    outcomes.
    """
    span = facts.span_of(leaf.window)
    assert span.start is not None, "windows of events have a start"
    first_id = facts.first_event_ids[span.start]
    tests = [
        Sql("e.event_type_id = %s", (leaf.event_type_id,)),
        Sql("e.id >= %s AND outcome.event_id >= %s", (first_id, first_id)),
        Sql("outcome.status = 'applied' AND outcome.contact_id IS NOT NULL"),
        Sql("LEAST(e.occurred_at, e.received_at) >= %s", (span.start,)),
        Sql("LEAST(e.occurred_at, e.received_at) < %s", (span.end,)),
        *(_body_may_hold(test) for test in leaf.tests),
        *(_parameter_holds(test) for test in leaf.tests),
    ]
    before = "events_event AS e JOIN events_outcome AS outcome ON outcome.event_id = e.id WHERE "
    return every(tests).inside(before, "")


# The value of a parameter in either form of `params`; of a name that is given twice, the last one. OFFSET 0 keeps each
# step from being written out wherever its result is used: a body would be parsed many times over.
FIRST_LEVEL = """(SELECT CASE json_typeof(d.params)
    WHEN 'object' THEN d.params -> %s
    WHEN 'array' THEN (SELECT p.entry -> 'value' FROM json_array_elements(d.params) WITH ORDINALITY AS p (entry, place)
                        WHERE json_typeof(p.entry) = 'object' AND p.entry ->> 'name' = %s
                        ORDER BY p.place DESC LIMIT 1)
    END AS value FROM (SELECT e.body::json -> 'params' AS params OFFSET 0) AS d OFFSET 0) AS f"""
# A list stands for its elements, any other value for itself.
ELEMENTS = "json_array_elements(CASE json_typeof(f.value) WHEN 'array' THEN f.value ELSE json_build_array(f.value) END)"


def _body_may_hold(test: ParameterTest) -> Sql:
    """What a body has as text when it passes the test, so that most are not parsed.

    A name or text stands in JSON as it is, or with a backslash: a body that has one is looked at whatever it holds.
    """
    if test.comparison.exists is False:
        return EVERYBODY
    wanted = [test.member] if test.member else []
    if len(test.comparison.equals) == 1 and isinstance(test.comparison.equals[0], str):
        wanted.append(test.comparison.equals[0])
    literal = every(Sql("strpos(e.body, %s) > 0", (text,)) for text in [test.parameter, *wanted])
    return some([literal, Sql(r"strpos(e.body, E'\\') > 0")])


def _parameter_holds(test: ParameterTest) -> Sql:
    """Whether one of the values that the test is about passes it."""
    first = Sql(FIRST_LEVEL, (test.parameter, test.parameter))
    values = first.inside("(SELECT g.value FROM ", f" CROSS JOIN LATERAL {ELEMENTS} AS g (value) OFFSET 0) AS v")
    if test.member:
        member = Sql("CASE json_typeof(v.value) WHEN 'object' THEN v.value -> %s END", (test.member,))
        values = Sql.joined("", [member.inside("(SELECT ", " AS value FROM "), values]).inside("", " OFFSET 0) AS v")
    is_there = Sql("v.value IS NOT NULL AND json_typeof(v.value) <> 'null'")
    passed = every([is_there, *_passes(test.comparison)])
    exists = Sql.joined("", [values.inside("EXISTS (SELECT FROM ", " WHERE "), passed]).inside("", ")")
    return exists.inside("NOT ", "") if test.comparison.exists is False else exists


def _passes(comparison: Comparison) -> Iterator[Sql]:
    if comparison.exists is not None:
        return
    yield Sql(IS_SCALAR)
    if comparison.equals:
        yield _equals_one_of(comparison)
    if comparison.contains is not None:
        yield Sql(f"strpos(lower({TEXT}), lower(%s)) > 0", (comparison.contains,))
    for operator, bound in ((">", comparison.greater), ("<", comparison.less)):
        if bound is not None:
            yield _number_is(f"{operator} %s", bound)


def _equals_one_of(comparison: Comparison) -> Sql:
    texts = [value for value in comparison.equals if isinstance(value, str)]
    texts += ["true" if value else "false" for value in comparison.equals if isinstance(value, bool)]
    numbers = [value for value in comparison.equals if isinstance(value, Decimal)]
    ways = [Sql(f"{TEXT} = ANY(%s::text[])", (texts,))] if texts else []
    ways += [_number_is("= ANY(%s::numeric[])", numbers)] if numbers else []
    return some(ways) if ways else NOBODY


def _number_is(comparison: str, value: object) -> Sql:
    text = f"CASE WHEN {TEXT} ~ {A_NUMBER} THEN ({TEXT})::numeric {comparison} ELSE FALSE END"
    return Sql(text, (value,))
