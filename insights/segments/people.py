"""How many people a tree of conditions finds at this moment, and some of them: for the builder, in bounded time.

Counted first. What takes longer than a reader likes to wait is asked of some contacts, evenly spread over all, and
told as an estimate. Where hardly any of them is found an estimate says little: then everybody is counted after all, and
only when that takes too long the answer is what the number must be below.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from insights.segments.bounded import PAGE_MILLISECONDS, TookTooLongError, bounded
from insights.segments.compiling import compile_predicate, compile_segment
from insights.segments.conditions import Node, leaves_of
from insights.segments.facts import Facts
from insights.segments.loading import load_facts

MOST_COUNTED = 100_000
SAMPLE = 10
SHORT_MILLISECONDS = 200
ASKED = 2_000  # contacts, for an estimate: one of a tenth of all people is right within an eighth, 19 times in 20
FEWEST_FOUND = 20  # among them; fewer are counted
BOUND = 30  # among them: of more, fewer than FEWEST_FOUND would be met in one case of fifty
_GOLDEN, _BITS = 0x9E3779B97F4A7C15, 64  # multiples of the golden ratio lie evenly, and follow no pattern of the ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`number` of people; there are more than that when `is_more`, fewer when `is_fewer`. Where it is an estimate,
    `of_asked` is how many contacts were asked. `sample`: the ids of some of them.
    """

    number: int
    is_more: bool = False
    is_fewer: bool = False
    of_asked: int = 0
    sample: list[int]


def find_now(node: Node) -> Found:
    """Counts up to MOST_COUNTED people, or estimates their number. Raises TookTooLongError.

    One statement and what its facts take; up to four when it takes long.
    """
    facts = load_facts(list(leaves_of(node)))
    try:
        return _count(node, facts, SHORT_MILLISECONDS)
    except TookTooLongError:
        estimated = estimate(node, facts)
    if not estimated.is_fewer:
        return estimated
    try:
        return _count(node, facts, PAGE_MILLISECONDS)
    except TookTooLongError:
        return estimated


def _count(node: Node, facts: Facts, milliseconds: int) -> Found:
    found = compile_segment(node, facts)
    with bounded(milliseconds) as cursor:
        statement = (
            f"WITH found AS MATERIALIZED (SELECT contact_id FROM ({found.text}) AS people LIMIT {MOST_COUNTED + 1})"  # noqa: S608 - the compiler's
            f" SELECT (SELECT count(*) FROM found),"
            f" ARRAY(SELECT contact_id FROM found ORDER BY contact_id DESC LIMIT {SAMPLE})"
        )
        cursor.execute(statement, found.params)
        number, sample = cursor.fetchone()
    return Found(number=min(number, MOST_COUNTED), is_more=number > MOST_COUNTED, sample=sample)


def estimate(node: Node, facts: Facts) -> Found:
    """The number of people by the share of those asked, to two digits; a bound when hardly any of them is found.

    Raises TookTooLongError. Two statements.
    """
    holds = compile_predicate(node, facts, "c.id")
    with bounded() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 1) FROM contacts_contact")
        first, last = cursor.fetchone()
        asked = sorted(set(_spread(first, last)))
        statement = (
            f"SELECT c.id, {holds.text} FROM contacts_contact AS c"  # noqa: S608 - the compiler's
            f" WHERE c.id = ANY(%s::bigint[]) AND c.deleted_at IS NULL ORDER BY c.id DESC"
        )
        cursor.execute(statement, (*holds.params, asked))
        answers = cursor.fetchall()
    found = [contact_id for contact_id, is_found in answers if is_found]
    is_fewer = len(found) < FEWEST_FOUND
    number = (BOUND if is_fewer else len(found)) * (last - first + 1) // len(asked)
    return Found(number=_rounded(number), is_fewer=is_fewer, of_asked=len(answers), sample=found[:SAMPLE])


def _spread(first: int, last: int) -> Iterator[int]:
    """Ids from the first to the last one; there need not be a contact with each, and none stands for none."""
    ids = last - first + 1
    return (first + (((place * _GOLDEN) % (1 << _BITS)) * ids >> _BITS) for place in range(ASKED))


def _rounded(number: int) -> int:
    return round(number, 2 - len(str(number)))
