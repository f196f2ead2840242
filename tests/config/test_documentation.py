"""What docs/operations.md says of the settings is what config/environment.py does."""

import re

import pytest

from config.environment import BASE_DIR, Environment

OPERATIONS = (BASE_DIR / "docs" / "operations.md").read_text()
ROWS = {
    name: default
    for name, default in re.findall(r"^\| `([A-Z_]+)` \|([^|]*)\|", OPERATIONS, flags=re.MULTILINE)
    if name.lower() in Environment.model_fields
}


def test_every_setting_is_documented():
    assert sorted(ROWS) == sorted(name.upper() for name in Environment.model_fields)


@pytest.mark.parametrize("name", sorted(set(ROWS) - {"DATA_DIR", "SECRET_KEY"}))
def test_the_default_that_is_documented_is_the_default(name):
    default = Environment.model_fields[name.lower()].default
    assert ROWS[name].strip("` ") == str(default if not isinstance(default, bool) else str(default).lower())
