"""The values of console/display.py for templates: `{% load console %}`."""

from typing import Any
from urllib.parse import urlencode

import structlog
from django import template
from django.template.defaultfilters import stringfilter
from django.utils.text import Truncator

from console import display, telling
from console.chart_svg import svg_slots

register = template.Library()
register.filter("moment", display.moment)
register.filter("age", display.age)
register.filter("number", display.number)
register.filter("short_number", display.short_number)
register.filter("web_link", display.web_link)
register.filter("pretty_json", display.pretty_json)
register.filter("json_text", display.json_text)
register.filter("told", telling.told)
register.filter("outcome_word", telling.outcome_word)
register.filter("svg_slots", svg_slots)
register.simple_tag(display.money, name="money")
register.simple_tag(display.picture, name="picture")


@register.filter(is_safe=True)
@stringfilter
def truncatechars(text: str, length: int) -> str:
    """Django's filter of this name, which looks at every character: a list cuts hundreds of texts, nearly all short."""
    return text if len(text) <= length else Truncator(text).chars(length)


@register.simple_tag
def querystring_of(**parameters: Any) -> str:
    """The part of an address behind the question mark, with every value encoded."""
    return urlencode(parameters)


@register.simple_tag
def request_id() -> str:
    """The id of the request that is being answered, by which it is found in the log; "" outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


@register.inclusion_tag("console/empty.html")
def empty(title: str, hint: str = "", icon: str = "inbox", **link: Any) -> dict[str, Any]:
    """An empty state: what is not there, and what to do next. `link_url` and `link_text` make a button."""
    return {"title": title, "hint": hint, "icon": icon, **link}
