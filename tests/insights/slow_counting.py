"""Counts of people that take their time, so that an estimate is asked for."""

from insights.segments import people


def count_slowly(monkeypatch, *, seconds: float = 10, bound: int = 20) -> None:
    """A count takes so long, and is given 20 ms at first, and the bound in milliseconds the second time."""
    quick = people.compile_segment
    slow = f") AS quick WHERE contact_id > 0 AND (SELECT TRUE FROM pg_sleep({seconds}))"  # noqa: S608 - of the tests
    monkeypatch.setattr(people, "SHORT_MILLISECONDS", 20)
    monkeypatch.setattr(people, "PAGE_MILLISECONDS", bound)
    monkeypatch.setattr(
        people, "compile_segment", lambda *given: quick(*given).inside("SELECT contact_id FROM (", slow)
    )
