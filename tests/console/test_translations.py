"""Every word of the console in each of its languages: whole, with the same placeholders, in all plural forms."""

import re
from collections import Counter
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.core.management import call_command

from config.environment import BASE_DIR

PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w+[^>]*>")
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


def folder_of(language: str) -> Path:
    return BASE_DIR / "locale" / language / "LC_MESSAGES"


@pytest.fixture(params=LANGUAGES)
def language(request) -> str:
    return request.param


@pytest.fixture
def catalog(language) -> polib.POFile:
    return polib.pofile(str(folder_of(language) / "django.po"))


def forms(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_message_is_translated_and_none_is_a_guess(catalog):
    assert [entry.msgid for entry in catalog.untranslated_entries()] == []
    assert [entry.msgid for entry in catalog.fuzzy_entries()] == []


def test_every_plural_has_all_the_forms_of_its_language(catalog):
    wanted = int(re.search(r"nplurals=(\d)", catalog.metadata["Plural-Forms"])[1])
    plurals = [entry for entry in catalog if entry.msgid_plural]
    assert plurals
    assert [e.msgid for e in plurals if len(e.msgstr_plural) != wanted or not all(e.msgstr_plural.values())] == []


def test_a_translation_has_the_placeholders_and_the_markup_of_its_message(catalog):
    def parts(text: str) -> Counter[str]:
        return Counter(PLACEHOLDER.findall(text))

    wrong = [
        entry.msgid
        for entry in catalog
        if any(parts(form) != parts(entry.msgid_plural or entry.msgid) for form in forms(entry))
    ]
    assert wrong == []


def test_what_is_compiled_is_what_is_written(language, catalog):
    compiled = {(e.msgctxt, e.msgid): forms(e) for e in polib.mofile(str(folder_of(language) / "django.mo"))}
    assert compiled == {(e.msgctxt, e.msgid): forms(e) for e in catalog.translated_entries()}


def test_the_catalogs_hold_the_words_of_the_code_as_it_is_now(language):
    call_command("messages", "--check")
