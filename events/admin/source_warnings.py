"""The warnings of the first page about sources, in words, each with a link to the rows it is about."""

from collections.abc import Collection
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from account.current import current_account
from console import display
from contract.reasons import Status
from events.models import Source
from events.source_watch import MoreIgnored, Quiet, find_more_ignored, find_quiet

EVENTS = "admin:events_event_changelist"


def load_source_warnings() -> list[dict[str, str]]:
    """[{title, why, url, link}], quiet sources first: three statements, and up to three more where there is any."""
    now, zone = timezone.now(), current_account().time_zone
    quiet, more_ignored = find_quiet(now, zone), find_more_ignored(now, zone)
    names = _names_of({*(each.source_id for each in quiet), *(each.source_id for each in more_ignored)})
    return [
        *(_of_quiet(each, names[each.source_id]) for each in quiet),
        *(_of_more_ignored(each, names[each.source_id]) for each in more_ignored),
    ]


def _names_of(source_ids: Collection[int]) -> dict[int, str]:
    return dict(Source.objects.filter(pk__in=source_ids).values_list("pk", "name")) if source_ids else {}


def _of_quiet(quiet: Quiet, name: str) -> dict[str, str]:
    sent = ngettext("%(count)s event", "%(count)s events", quiet.events) % {"count": display.number(quiet.events)}
    why = _("%(sent)s from %(since)s to %(until)s; usual in these hours of the day are %(usual)s (the last 14 days).")
    return {
        "title": _("“%(source)s” has gone quiet") % {"source": name},
        "why": why
        % {
            "sent": sent,
            "since": _moment(quiet.since),
            "until": _moment(quiet.until),
            "usual": display.number(quiet.usual),
        },
        "url": _events(source=str(quiet.source_id)),
        "link": _("Its latest events"),
    }


def _of_more_ignored(jump: MoreIgnored, name: str) -> dict[str, str]:
    why = _("%(ignored)s of %(decided)s events since %(day)s were ignored: %(share)s %%, usual are %(usual)s %%.")
    return {
        "title": _("More events of “%(source)s” are ignored than usual") % {"source": name},
        "why": why
        % {
            "ignored": display.number(jump.ignored),
            "decided": display.number(jump.decided),
            "day": formats.date_format(jump.first_day, "j M"),
            "share": f"{jump.share * 100:.1f}",
            "usual": f"{jump.usual_share * 100:.1f}",
        },
        "url": _events(
            source=str(jump.source_id), outcome=Status.IGNORED.value, received_from=jump.first_day.isoformat()
        ),
        "link": _("The ignored ones"),
    }


def _moment(moment: Any) -> str:
    return formats.date_format(timezone.localtime(moment), str(display.SHORT_MOMENT))


def _events(**query: str) -> str:
    return f"{reverse(EVENTS)}?{urlencode(query)}"
