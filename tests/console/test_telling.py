"""What the core decided is told in the reader's language: every sentence that it says is one that can be translated."""

import pytest
from django.utils import translation

from console.telling import SENTENCES, TEMPLATES, is_known, told
from contract.reasons import SENTENCES as REASONS
from contract.reasons import WARNING_SENTENCES
from events.models import Outcome
from events.outcomes import sentence_of
from tests.events.building import ITEM, created, drain, post
from tests.factories import make_contact

WRONG = [
    {"totalCost": "x", "status": "x", "date": "2026-05-14", "currency": "x", "items": "x"},
    {"totalCost": None, "status": None, "date": None, "externalCustomerId": None},
    {"totalCost": "-1", "firstName": "x" * 2_001, "restoreUrl": "x" * 3_000, "items": [{}, 1, {"quantity": 0}]},
    {"items": [ITEM] * 1_001},
    {"items": '[{"a": "\\u0000"'},
    {"externalCustomerId": "nobody", "totalCost": "5", "shipping": "1", "taxes": "2", "discount": "3"},
    {"externalCustomerId": None},
    {"date": "2099-01-01T00:00:00", "items": [ITEM, ITEM], "email": "petro@example.com"},
    {"items": [ITEM, ITEM], "shipping": "1", "discount": "3"},
]


def post_what_goes_wrong() -> None:
    """Events that go wrong in every way that the rules know, and some that go right."""
    make_contact(external_customer_id="C1", email="olha@example.com")
    make_contact(email="petro@example.com")
    for number, params in enumerate(WRONG):
        created(f"100{number}", **params)
    for _ in range(2):
        post("orderUpdated", {"externalOrderId": "1007", "status": "DELIVERED"}, occurred="2026-05-02T00:00:00Z")
    post("orderUpdated", {"externalOrderId": "1007", "status": "CANCELLED"}, occurred="2026-05-01T00:00:00Z")
    post("orderDelivered", {"externalOrderId": "nowhere"})
    post("visited", {"email": "nobody@example.com"})
    post("visited", {"page": "x"}, keyValue="k")
    post("visited", {"email": "olha@example.com"})
    created("1007")
    drain()


def test_the_console_can_translate_whatever_the_core_says(db):
    post_what_goes_wrong()
    said: set[str] = set()
    for outcome in Outcome.objects.select_related("event"):
        said |= {problem[part] for problem in outcome.problems for part in ("detail", "expected")}
        said |= {warning["detail"] for warning in outcome.warnings}
        said.add(sentence_of(outcome.status, outcome.reason, outcome.note, bool(outcome.event.order_key)))
    names = {sentence for sentence in said if sentence.isalnum()}  # of parameters: they are not translated
    assert sorted(sentence for sentence in said - names if not is_known(sentence)) == []
    assert len(said) > 25


def test_every_sentence_of_the_vocabulary_is_known():
    assert {
        sentence for sentence in (*REASONS.values(), *WARNING_SENTENCES.values()) if not is_known(sentence)
    } == set()


def test_english_is_told_as_it_was_said_and_what_nobody_knows_in_every_language():
    for sentence in (*SENTENCES, *TEMPLATES, "totalCost must be x; found y."):
        assert told(sentence) == sentence
    with translation.override("uk"):
        assert told("A sentence of nobody.") == "A sentence of nobody."
        assert told("") == ""


def test_details_stand_in_the_translation_as_they_were(monkeypatch):
    translations = {
        "%(name)s must be %(expected)s; found %(found)s.": "%(found)s: %(name)s має бути %(expected)s",
        "one of %(values)s": "одне з %(values)s",
    }
    monkeypatch.setattr("console.telling.gettext", lambda message: translations.get(message, message))
    with translation.override("uk"):
        sentence = 'status must be one of A, B; found "%(name)s <b>".'
        assert told(sentence) == '"%(name)s <b>": status має бути одне з A, B'


@pytest.mark.parametrize("text", ["x must be " * 400, "The order's contact is " * 200, "x" * 100_000])
def test_a_long_text_that_only_begins_like_a_sentence_costs_nothing(text):
    with translation.override("uk"):
        assert told(text) == text
