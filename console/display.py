"""How single values are shown in the console: moments, money, links, JSON. Whatever is not ours comes out escaped."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from console.telling import told
from contract.currencies import minor_units
from contract.json_values import encode
from contract.reasons import WARNING_SENTENCES, WarningCode

WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*\Z", re.IGNORECASE)
# Translated by one of the reader's language: “25 Oct 2026, 03:30” has the month in another case, or before the day.
SHORT_MOMENT = pgettext_lazy("how a moment is written, in the letters of Django's date filter", "j M Y, H:i")
AGE_STEPS = (
    (86_400, pgettext_lazy("unit of time", "d")),
    (3_600, pgettext_lazy("unit of time", "h")),
    (60, pgettext_lazy("unit of time", "min")),
)
SHORT_UNITS = (
    (Decimal(10**9), pgettext_lazy("short number", "G")),
    (Decimal(10**6), pgettext_lazy("short number", "M")),
    (Decimal(10**3), pgettext_lazy("short number", "k")),
)
EMPTY = SafeString('<span class="ol-none">—</span>')


def moment(value: datetime | None) -> SafeString:
    """A moment to the minute in the current zone (the account's); exact, with its zone and its age in the tooltip."""
    if value is None:
        return EMPTY
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{} {}, {}">{}</time>',
        local.isoformat(),
        local.isoformat(sep=" "),
        timezone.get_current_timezone_name(),
        how_long_ago(value),
        _to_the_minute(get_language(), local.replace(second=0, microsecond=0, tzinfo=None)),
    )


# A list tells a hundred moments, and a fifth of its time went into their words. Kept by language and value.
@lru_cache(maxsize=8_192)
def _to_the_minute(language: str | None, local: datetime) -> str:
    return formats.date_format(local, str(SHORT_MOMENT))


LENGTHS = (604_800, 86_400, 3_600, 60)  # of the units below a month, in seconds
SHORTEST_MONTH = 28 * 86_400


def how_long_ago(value: datetime) -> str:
    """“3 hours ago”, “in 2 days”; “just now” within a minute."""
    now = timezone.now()
    seconds = (now - value).total_seconds()
    distance = abs(seconds)
    if distance < 60:
        return _("just now")
    if distance >= SHORTEST_MONTH:
        return _in_words(timesince(min(value, now), max(value, now), depth=1), is_past=seconds > 0)
    length = next(length for length in LENGTHS if distance >= length)
    return _below_a_month(get_language(), int(distance // length) * length, seconds > 0)


@lru_cache(maxsize=1_024)
def _below_a_month(language: str | None, seconds: int, is_past: bool) -> str:
    """The same for any two moments so far apart: of a month it would depend on which."""
    return _in_words(timesince(A_MOMENT, A_MOMENT + timedelta(seconds=seconds), depth=1), is_past=is_past)


A_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def _in_words(age: str, *, is_past: bool) -> str:
    return (_("%(age)s ago") if is_past else _("in %(age)s")) % {"age": age}


def age(seconds: float) -> str:
    """A duration in its largest whole unit: “3 min”, “2 h”, “5 d”; below a minute in seconds."""
    for length, unit in AGE_STEPS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(max(seconds, 0))} {pgettext('unit of time', 's')}"


def number(value: int | Decimal | None) -> str:
    """A number with all its decimals and thousands separators."""
    if value is None:
        return "—"
    exact = Decimal(value)
    return _grouped(get_language(), f"{exact:f}", _decimals(exact))


def _decimals(value: Decimal) -> int:
    """How many a number has as it is written: 1.50 has two."""
    exponent = value.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


# Pages of figures have a thousand of these, and most of them again at the next look. Kept by language and digits.
@lru_cache(maxsize=8_192)
def _grouped(language: str | None, digits: str, decimals: int) -> str:
    return formats.number_format(Decimal(digits), decimal_pos=decimals, use_l10n=True, force_grouping=True)


def short_number(value: Decimal) -> str:
    """A round number for an axis: “1.5M”, “20k”, “500”."""
    for length, unit in SHORT_UNITS:
        if value >= length:
            return f"{formats.number_format(f'{(value / length).normalize():f}', use_l10n=True)}{unit}"
    return formats.number_format(f"{value.normalize():f}", use_l10n=True)


def money(amount: Decimal | None, currency: str) -> SafeString:
    """An amount with its currency beside it, with the decimals it has, at least the currency's own."""
    if amount is None:
        return EMPTY
    text = _grouped(get_language(), f"{amount:f}", max(minor_units(currency), _decimals(amount)))
    return format_html('<span class="ol-money">{} <span class="ol-currency">{}</span></span>', text, currency)


def web_link(text: str) -> SafeString | str:
    """A link when the text is an http or https address, else the text: nothing sent becomes a link of another kind."""
    if not WEB_ADDRESS.match(text):
        return text
    return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', text, text)


PICTURE_ADDRESS = re.compile(r"https://[^\s/?#]+\S*\Z", re.IGNORECASE)


def picture(text: str) -> SafeString | str:
    """A small picture when the text is an https address, else nothing: fetched when it comes into view, and the shop's
    server is not told from where. It stands beside its name, so it has no words of its own.
    """
    if not PICTURE_ADDRESS.match(text):
        return ""
    return format_html(
        '<img class="ol-picture" src="{}" alt="" width="40" height="40" loading="lazy" decoding="async"'
        ' referrerpolicy="no-referrer">',
        text,
    )


def link_to(url: Any, label: Any) -> SafeString | str:
    """A link to a page of the console, or "" when there is nothing to link to."""
    return format_html('<a href="{}">{}</a>', url, label) if url else ""


def pretty_json(text: str) -> str:
    """JSON text with indentation; names, order, repeated names and the digits of numbers stay as they were."""
    return msgspec.json.format(text, indent=2)


def json_text(value: Any) -> str:
    """A decoded JSON value for reading: a text as it is, everything else as (indented) JSON."""
    return value if isinstance(value, str) else pretty_json(encode(value))


def explained(warnings: list[dict[str, str]]) -> list[dict[str, str]]:
    """Warnings with the sentence that says what each code means, in the reader's language."""
    return [
        {
            **warning,
            "sentence": told(WARNING_SENTENCES[WarningCode(warning["code"])]),
            "detail": told(warning["detail"]),
        }
        for warning in warnings
    ]
