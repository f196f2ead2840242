"""Who fulfils a condition on RFM, as SQL for others to join, and the scores of single contacts (insights/rfm)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from insights.rfm.condition import SCORE_NAMES, RfmCondition, Scores
from insights.rfm.models import RfmSnapshot

CURRENT = "(SELECT id FROM insights_rfmsnapshot WHERE is_current)"


def membership(condition: RfmCondition) -> tuple[str, list[Any]]:
    """A SELECT of the ids of the contacts that fulfil the condition, each once, and its parameters (%s).

    For use as `contact_id IN (…)` or as a joined subquery with the one column contact_id. It finds nobody while no
    scores have been computed. Index: rfm_score_by_segment, or rfm_score_by_cell where no segment is asked for.
    A contact that was deleted since the scores were computed may still be among them.
    """
    clauses = [f"snapshot_id = {CURRENT}", "currency = %s"]
    wanted: dict[str, Sequence[Any]] = {"segment": [segment.value for segment in condition.segments]}
    wanted |= {f"{name}_score": getattr(condition, name) for name in SCORE_NAMES}
    values: list[Any] = [condition.currency]
    for column, allowed in wanted.items():
        if allowed:
            clauses.append(f"{column} = ANY(%s)")
            values.append(list(allowed))
    where = " AND ".join(clauses)
    return f"SELECT contact_id FROM insights_rfmscore WHERE {where}", values  # noqa: S608 - names of our own


LOAD_SCORES = f"""
    SELECT contact_id, recency_score, frequency_score, monetary_score
      FROM insights_rfmscore  -- index: rfm_score_once
     WHERE snapshot_id = {CURRENT} AND contact_id = ANY(%s) AND currency = %s
"""  # noqa: S608 - a constant of our own


def load_scores(contact_ids: Iterable[int], currency: str) -> dict[int, Scores]:
    """The scores of those of the contacts that bought in the currency: one statement."""
    with connection.cursor() as cursor:
        cursor.execute(LOAD_SCORES, [list(contact_ids), currency])
        return {
            contact_id: Scores(recency=recency, frequency=frequency, monetary=monetary)
            for contact_id, recency, frequency, monetary in cursor.fetchall()
        }


def computed_at() -> datetime | None:
    """The moment that membership and scores are of; None while there are none."""
    return RfmSnapshot.objects.filter(is_current=True).values_list("computed_at", flat=True).first()
