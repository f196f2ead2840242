"""Says in the reader's language what the core decided and why.

An outcome is stored, and answered by the API, in English: contract/reasons.py and the rooms' rules are pure and know no
reader. The console translates when it shows: what is told is an English sentence with details in it, so it is looked
up by its template, and the details are put into the translation. A sentence that no template knows stays English;
tests/console/test_telling.py holds that the core says none of these.
"""

import re
from collections.abc import Sequence

from django.utils.translation import get_language, gettext, gettext_noop, pgettext_lazy

from contract.reasons import Status

# Codes stay as the API has them; these four words are plain ones that stand on nearly every page.
OUTCOMES = {
    Status.WAITING.value: pgettext_lazy("outcome of an event", "waiting"),
    Status.APPLIED.value: pgettext_lazy("outcome of an event", "applied"),
    Status.IGNORED.value: pgettext_lazy("outcome of an event", "ignored"),
    Status.FAILED.value: pgettext_lazy("outcome of an event", "failed"),
}

LONGEST = 5_000  # characters of a sentence that is looked up: excerpts in it are short

# What became of an event, and why.
SENTENCES: Sequence[str] = (
    gettext_noop("It is accepted and waits to be processed."),
    gettext_noop("It was applied to the order."),
    gettext_noop("The event is kept with its contact."),
    gettext_noop("It is kept without a contact: no matching rule found its parameter in the event."),
    gettext_noop("It is kept without a contact: its identifiers belong to no contact."),
    gettext_noop("Nothing changed: the order already stood as this event says."),
    gettext_noop("Nothing changed: there was no such order."),
    gettext_noop("The order was deleted, with its items and its history; its events stay."),
    gettext_noop("The order would be changed, and its contact would be created."),
    gettext_noop("Required parameters are missing; nothing was changed."),
    gettext_noop("Some parameters have values that cannot be taken; nothing was changed."),
    gettext_noop("This order exists already; a repeated orderCreated never changes it."),
    gettext_noop("There is no order with this externalOrderId."),
    gettext_noop("It occurred before an event that was already applied to this order."),
    gettext_noop("None of the parameters that the matching rules read is in the event."),
    gettext_noop("The identifiers in the event belong to no contact; import the contact, then replay."),
    gettext_noop("Orderloom could not process this event because of an error of its own; it can be replayed."),
    gettext_noop("The items, shipping, taxes and discount do not add up to totalCost."),
    gettext_noop("The event's identifiers name more than one contact."),
    gettext_noop("A parameter is given more than once; the last one was taken."),
    gettext_noop("The order's date is later than the moment the event was received."),
    gettext_noop("Nothing in the order names whose it is; it is kept without a contact."),
    gettext_noop("A parameter is not as the schema of its event type says; it was taken all the same."),
    gettext_noop(
        "The order has no contact. It counts as revenue, and joins the contact that a later message about it names."
    ),
    # Why a webhook cannot have an address (webhooks/destinations.py).
    gettext_noop("This is not a web address."),
    gettext_noop("Give a whole address, such as https://shop.example/orderloom."),
    gettext_noop("Leave the user name and password out: messages prove where they come from by their signature."),
    gettext_noop("Leave out what follows the #: it is never sent."),
    gettext_noop("The port 0 cannot be reached."),
    gettext_noop("Give an https address: over http anybody on the way can read what is sent."),
    # Why a message of a webhook did not arrive (webhooks/posting.py).
    gettext_noop("There was no answer in time."),
    # What a value must be.
    gettext_noop("an object"),
    gettext_noop("an array of items, or a JSON string of one"),
    gettext_noop("three capital letters of ISO 4217, such as UAH"),
    gettext_noop("a date and time of ISO 8601, such as 2020-05-14T10:11:00 or 2020-05-14T10:11:00+03:00"),
    gettext_noop("the id of an order that is there"),
    gettext_noop("the id of an order that is not there yet"),
    gettext_noop("externalCustomerId, email, phone or another parameter of a matching rule, naming a contact"),
)

# With details in them; the longer ones first where one is the beginning of another.
TEMPLATES: Sequence[str] = (
    gettext_noop("The parameter %(name)s is required and is not there."),
    gettext_noop("Each item needs %(name)s, and this one has none."),
    gettext_noop("An order may have at most %(most)s items, and this one has %(count)s."),
    gettext_noop("%(name)s must be %(expected)s; found %(found)s."),
    gettext_noop("%(name)s must be %(expected)s. %(detail)s"),
    gettext_noop("This is not JSON: %(error)s"),
    gettext_noop("The items with %(terms)s come to %(sum)s, and totalCost is %(total)s."),
    gettext_noop("The items come to %(sum)s, and totalCost is %(total)s."),
    gettext_noop("The order's date %(date)s was still to come when the event was received."),
    gettext_noop("The order's contact is %(contact)s, but the event names contact %(other)s."),
    gettext_noop("The order's contact is %(contact)s, but %(others)s."),
    gettext_noop("Given more than once, and the last one was taken: %(names)s."),
    gettext_noop("text of %(least)s to %(most)s characters"),
    gettext_noop("text of at most %(most)s characters"),
    gettext_noop("a number of at most %(digits)s digits, %(decimals)s of them decimals, not negative"),
    gettext_noop("a number above 0 of at most %(digits)s digits, %(decimals)s of them decimals"),
    gettext_noop("one of %(values)s"),
    gettext_noop("at most %(most)s items"),
    gettext_noop("%(count)s items"),
    gettext_noop("%(moment)s or later"),
    gettext_noop("An address has no blanks and no more than %(most)s characters."),
    gettext_noop("%(address)s lies in a private network. The operator can allow it with WEBHOOK_ALLOWED_NETWORKS."),
    gettext_noop("%(host)s stands for %(address)s, which lies in a private network: nothing is sent there."),
    gettext_noop("%(host)s stands for %(address)s by http: nothing is sent there."),
    gettext_noop("There is no server of the name %(host)s."),
    gettext_noop("It was answered with %(status)s: redirects are not followed."),
    gettext_noop("It was answered with %(status)s."),
    gettext_noop("No connection: %(error)s"),
)

PARTS = frozenset({"expected", "detail"})  # details that are sentences of the core themselves

_KNOWN = frozenset(SENTENCES)


def _pattern(template: str) -> re.Pattern[str]:
    """The template as what it looks like with its details in it."""
    parts = re.split(r"%\((\w+)\)s", template)
    made = [f"(?P<{part}>.+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)


_PATTERNS = tuple((template, _pattern(template)) for template in TEMPLATES)


def outcome_word(status: str) -> str:
    """What an outcome is called in the reader's language; in English it is its code."""
    return str(OUTCOMES[status]) if status in OUTCOMES else status


def told(sentence: str) -> str:
    """A sentence of the core in the language that is spoken now; what is not one of them comes back as it is."""
    if not sentence or (get_language() or "en").startswith("en"):
        return sentence
    return _translated(sentence) or sentence


def is_known(sentence: str) -> bool:
    """Whether the sentence is one that can be translated."""
    return sentence in _KNOWN or _match(sentence) is not None


def _translated(sentence: str) -> str | None:
    if sentence in _KNOWN:
        return gettext(sentence)
    found = _match(sentence)
    if found is None:
        return None
    template, details = found
    for part in PARTS & details.keys():
        details[part] = _translated(details[part]) or details[part]
    return gettext(template) % details


def _match(sentence: str) -> tuple[str, dict[str, str]] | None:
    if len(sentence) > LONGEST:
        return None
    for template, pattern in _PATTERNS:
        if match := pattern.fullmatch(sentence):
            return template, match.groupdict()
    return None
