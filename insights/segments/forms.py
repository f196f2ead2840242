"""The form of the builder: a name, a schedule, and the conditions as JSON, each problem told at its place."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contract.json_values import NotJsonError, decode_leniently
from contract.reasons import Problem
from insights.segments.conditions import Node
from insights.segments.loading import load_segment
from insights.segments.models import MAX_NAME, Schedule

MAX_CHARACTERS = 64_000  # of the JSON: some hundred times that of a long segment


class ConditionsForm(forms.Form):
    """What the live count sends. After is_valid(): `node`, and `value` to be stored; else `problems`."""

    conditions = forms.CharField(
        label=gettext_lazy("Conditions as JSON"),
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "ol-json-input"}),
    )
    node: Node | None = None
    value: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems: list[Problem] = []

    def clean_conditions(self) -> str:
        text: str = self.cleaned_data["conditions"]
        try:
            self.value = decode_leniently(text.encode("utf-8", "surrogatepass"))
        except NotJsonError as error:
            self.problems = [Problem(pointer=error.pointer, code=error.code, detail=error.detail)]
        else:
            found = load_segment(self.value)
            if isinstance(found, list):
                self.problems = found
            else:
                self.node = found
        if self.problems:
            raise forms.ValidationError(_("These conditions cannot be taken; what is wrong stands beside them."))
        return text


class SegmentForm(ConditionsForm):
    """What is saved."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=MAX_NAME, widget=forms.TextInput(attrs={"class": "ol-input"})
    )
    schedule = forms.TypedChoiceField(
        label=gettext_lazy("Refreshed"),
        choices=[
            (Schedule.QUARTER_HOURLY, gettext_lazy("every 15 minutes")),
            (Schedule.HOURLY, gettext_lazy("every hour")),
            (Schedule.SIX_HOURLY, gettext_lazy("every 6 hours")),
            (Schedule.DAILY, gettext_lazy("every day")),
        ],
        coerce=lambda text: Schedule(int(text)),
        widget=forms.Select(attrs={"class": "ol-input"}),
    )
    field_order = ("name", "schedule", "conditions")
