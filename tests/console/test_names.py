"""Names of models, fields and choices are told in the reader's language, and migrations see nothing of it."""

import pytest
from django.core.management import call_command
from django.utils import translation
from django.utils.functional import Promise

from account.models import Account
from console.names import words_of_models
from contacts.models import IdentifierKind, MatchingRule
from tests.console.reading import markup

ZONE = Account._meta.get_field("time_zone")


@pytest.fixture
def _ukrainian(monkeypatch):
    """Translations of three words, as locale/ would have them."""
    words = {"time zone": "часовий пояс", "matching rules": "правила зіставлення", ZONE.help_text: "У цьому поясі …"}
    catalog = translation.trans_real.translation("uk")
    for word, translated in words.items():
        monkeypatch.setitem(catalog._catalog._catalogs[0], str(word), translated)


@pytest.mark.usefixtures("_ukrainian")
def test_a_form_and_the_title_of_a_list_are_in_the_readers_language(admin):
    form = markup(admin.get("/admin/account/account/1/change/", headers={"Accept-Language": "uk"}))
    assert "Часовий пояс" in form
    with translation.override("uk"):
        assert str(ZONE.help_text) == "У цьому поясі …"
        assert str(MatchingRule._meta.verbose_name_plural) == "правила зіставлення"
    assert str(MatchingRule._meta.verbose_name_plural) == "matching rules"


def test_every_word_is_translated_when_it_is_shown_and_collected_for_the_translators():
    choices = IdentifierKind._meta.get_field("normal_form").flatchoices
    shown = [ZONE.verbose_name, ZONE.help_text, MatchingRule._meta.verbose_name, *(label for _, label in choices)]
    assert all(isinstance(text, Promise) for text in shown)
    assert set(map(str, shown)) <= set(words_of_models())


def test_migrations_see_nothing_of_it(db):
    call_command("makemigrations", "account", "contacts", "--check", "--dry-run", verbosity=0)
