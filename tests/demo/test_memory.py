"""What the demo remembers is whole or not there, and its secrets are their owner's alone."""

from datetime import date

import pytest

from demo.memory import Memory, Secrets, load_memory, load_secrets, store_memory, store_secrets
from demo.record import Channel
from demo.trouble import DemoError

SECRETS = Secrets(keys={Channel.APP: "olk_1", Channel.WEBSITE: "olk_2", Channel.ARCHIVE: "olk_3"}, password="p")


def test_a_new_data_directory_remembers_nothing(tmp_path):
    assert load_memory(tmp_path) is None
    assert load_secrets(tmp_path) is None


def test_what_is_stored_is_what_is_loaded(tmp_path):
    memory = Memory(anchor=date(2026, 5, 14), time_zone="Europe/Kyiv", contacts_posted=True, accepted=[[1, 2], [5]])
    store_memory(tmp_path, memory)
    store_secrets(tmp_path, SECRETS)
    assert load_memory(tmp_path) == memory
    assert load_secrets(tmp_path) == SECRETS
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo-keys.json", "demo-shop.json"]


def test_the_keys_are_readable_by_their_owner_only(tmp_path):
    store_secrets(tmp_path, SECRETS)
    assert (tmp_path / "demo-keys.json").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_ours_is_named_and_left_alone(tmp_path):
    (tmp_path / "demo-shop.json").write_text("{")
    with pytest.raises(DemoError, match=r"demo-shop\.json cannot be read"):
        load_memory(tmp_path)
    assert (tmp_path / "demo-shop.json").read_text() == "{"
