"""Words of insights for templates: `{% load insights %}`."""

from django import template

from insights.rfm.words import name_of

register = template.Library()
register.filter("segment_name", name_of)
