"""How often Python looks for garbage that refers to itself; all other garbage goes at once, without being looked for.

Python looks after every 700 containers that are made and not gone yet. A batch of a thousand events, or an answer of
thousands of rows, makes tens of thousands that are all still needed, and each look goes through them and frees nothing:
of five years of revenue by day these looks were a third of the processor's time.
"""

import gc

CONTAINERS_BETWEEN_LOOKS = 50_000  # some ten megabytes at most, if all of them were garbage


def look_for_garbage_seldom() -> None:
    """Once in a process that serves, when everything is loaded: that stays, and is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(CONTAINERS_BETWEEN_LOOKS, *gc.get_threshold()[1:])
