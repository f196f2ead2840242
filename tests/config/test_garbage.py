"""How often a serving process looks for garbage: config/garbage.py. In processes of their own: it is set for good."""

import subprocess
import sys

import pytest

COUNT_LOOKS = """
import gc
from config.garbage import look_for_garbage_seldom

looks = []
{settle}
gc.callbacks.append(lambda phase, info: looks.append(phase))
rows = [[number] for number in range({rows})]
print(len(looks) // 2, gc.get_freeze_count() > 0)
"""


def looks_while_making(rows, settle="look_for_garbage_seldom()"):
    command = [sys.executable, "-c", COUNT_LOOKS.format(settle=settle, rows=rows)]
    looks, is_frozen = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(looks), is_frozen == "True"


def test_an_answer_of_thousands_of_rows_is_made_without_a_look():
    assert looks_while_making(40_000) == (0, True)
    assert looks_while_making(40_000, settle="")[0] > 5  # as Python ships


@pytest.mark.parametrize("rows", [60_000, 600_000])
def test_garbage_is_still_looked_for(rows):
    looks, _ = looks_while_making(rows)
    assert rows // 60_000 <= looks <= rows // 50_000
