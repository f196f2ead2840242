"""How many people a tree of conditions finds at this moment, and some of them: for the builder, in bounded time."""

from dataclasses import dataclass

from insights.segments.bounded import bounded
from insights.segments.conditions import Node
from insights.segments.loading import compile_now

MOST_COUNTED = 100_000
SAMPLE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`number` of people; when `is_more`, there are more than that. `sample`: the ids of some of them."""

    number: int
    is_more: bool
    sample: list[int]


def find_now(node: Node) -> Found:
    """Counts up to MOST_COUNTED people: one statement and what its facts take. Raises TookTooLongError."""
    found = compile_now(node)
    with bounded() as cursor:
        statement = (
            f"WITH found AS MATERIALIZED (SELECT contact_id FROM ({found.text}) AS people LIMIT {MOST_COUNTED + 1})"  # noqa: S608 - the compiler's
            f" SELECT (SELECT count(*) FROM found),"
            f" ARRAY(SELECT contact_id FROM found ORDER BY contact_id DESC LIMIT {SAMPLE})"
        )
        cursor.execute(statement, found.params)
        number, sample = cursor.fetchone()
    return Found(number=min(number, MOST_COUNTED), is_more=number > MOST_COUNTED, sample=sample)
