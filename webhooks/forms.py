"""What staff type about a subscription, each mistake told at its field."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from console.telling import told
from orders.models import OrderStatus
from webhooks.destinations import find_url_fault
from webhooks.models import MAX_URL, Subscription
from webhooks.topics import CHOSEN_TOPICS, Topic

MOST_TYPES, LONGEST_TYPE = 50, 255
WORDS = {
    Topic.EVENT_APPLIED: gettext_lazy("an event was applied"),
    Topic.EVENT_IGNORED: gettext_lazy("an event was ignored, with the reason"),
    Topic.EVENT_FAILED: gettext_lazy("an event failed"),
    Topic.ORDER_CHANGED: gettext_lazy("an order was made or changed"),
}


class SubscriptionForm(forms.ModelForm):
    url = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=MAX_URL,
        widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "url", "placeholder": "https://…"}),
        help_text=gettext_lazy("Messages are posted here as JSON. Any answer of 2xx within ten seconds takes one."),
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Tell when"),
        choices=lambda: [(topic.value, f"{topic.value}: {WORDS[topic]}") for topic in CHOSEN_TOPICS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    event_types = forms.CharField(
        label=gettext_lazy("Only events of these types"),
        required=False,
        max_length=MOST_TYPES * (LONGEST_TYPE + 2),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("One in a line, exactly as they are sent. Empty: events of all types."),
    )
    order_statuses = forms.MultipleChoiceField(
        label=gettext_lazy("Only orders that are then"),
        required=False,
        choices=[(status.value, status.value) for status in OrderStatus],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("Narrows order.changed. None chosen: orders in any status."),
    )

    class Meta:
        model = Subscription
        fields = ("name", "url", "topics", "event_types", "order_statuses")
        widgets = {"name": UnfoldAdminTextInputWidget}
        labels = {"name": gettext_lazy("Name")}
        help_texts = {"name": gettext_lazy("What the other system is called among you.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["event_types"] = "\n".join(self.instance.event_types)

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"].strip()
        if fault := find_url_fault(url):
            raise forms.ValidationError(told(fault))
        return url

    def clean_event_types(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["event_types"].splitlines()]
        types = list(dict.fromkeys(filter(None, lines)))
        if len(types) > MOST_TYPES:
            raise forms.ValidationError(
                _("At most %(most)d types can be named; name none for all."), params={"most": MOST_TYPES}
            )
        if any(len(each) > LONGEST_TYPE for each in types):
            raise forms.ValidationError(
                _("No event type is longer than %(most)d characters."), params={"most": LONGEST_TYPE}
            )
        return types
