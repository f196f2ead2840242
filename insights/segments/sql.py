"""A piece of SQL with its parameters, in the order of their %s. Pure.

The text is put together from constants of our own only; whatever was typed is a parameter.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Sql:
    text: str
    params: tuple[Any, ...] = ()

    @classmethod
    def joined(cls, separator: str, pieces: Iterable[Self]) -> Self:
        """The pieces one after the other."""
        several = list(pieces)
        text = separator.join(piece.text for piece in several)
        return cls(text, tuple(param for piece in several for param in piece.params))

    def inside(self, before: str, after: str) -> "Sql":
        """The piece between two texts of our own that hold no parameter."""
        return Sql(f"{before}{self.text}{after}", self.params)


def every(pieces: Iterable[Sql]) -> Sql:
    """All of the predicates; there must be at least one."""
    return Sql.joined(" AND ", pieces)


def some(pieces: Iterable[Sql]) -> Sql:
    """One of the predicates or more, in brackets."""
    return Sql.joined(" OR ", pieces).inside("(", ")")


NOBODY = Sql("FALSE")
EVERYBODY = Sql("TRUE")
