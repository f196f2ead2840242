"""Every test that docs/rules.md names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST_NAME = re.compile(r"`(test_\w+)`")
DEFINITION = re.compile(r"^\s*(?:async )?def (test_\w+)\(", re.MULTILINE)


def test_every_test_that_the_rules_name_is_there():
    named = set(TEST_NAME.findall((ROOT / "docs" / "rules.md").read_text()))
    there = {name for path in (ROOT / "tests").rglob("test_*.py") for name in DEFINITION.findall(path.read_text())}
    assert named
    assert named - there == set()
