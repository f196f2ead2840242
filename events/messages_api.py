"""The endpoint that puts an event's variables into a text: docs/api.md, Variables."""

from collections.abc import Mapping
from typing import ClassVar

from django.http import HttpRequest, HttpResponse

from contract.http import ApiView, json_response, read_object
from contract.json_values import JsonValue, excerpt
from contract.openapi import WRITE_ERRORS, component, describe
from contract.problems import refuse
from contract.reasons import Problem
from contract.scopes import Scope
from events.api import EVENT_ID_PARAMETER, load_fate_of
from events.api_shapes import RenderedShape
from events.fate_details import load_variables
from events.variables import MAX_TEMPLATE_LENGTH, MAX_TEXT_LENGTH, TextTooLongError, render

TEMPLATE_TO_RENDER = {
    "type": "object",
    "required": ["template"],
    "properties": {
        "template": {
            "type": "string",
            "maxLength": MAX_TEMPLATE_LENGTH,
            "examples": ["Order ${externalOrderId}: ${items[0].name}"],
        }
    },
}


class RenderView(ApiView):
    """Puts an event's variables into a text. Changes nothing."""

    scopes: ClassVar = {"POST": Scope.READ}

    @describe(
        "Put an event's variables into a text",
        "Each `${name}` of the template becomes the variable of that name, as `variables` of the event lists them. A "
        "name that is not there stays in the text as it was written, and stands in `missing`. What a value holds is "
        "never looked at for placeholders.",
        tag="events",
        body=TEMPLATE_TO_RENDER,
        answers={200: component(RenderedShape)},
        errors=(*WRITE_ERRORS, 404),
        parameters=[EVENT_ID_PARAMETER],
        operation_id="renderTemplate",
    )
    def post(self, request: HttpRequest, event_id: str) -> HttpResponse:
        template = _read_template(read_object(request))
        try:
            rendered = render(template, load_variables(load_fate_of(event_id)))
        except TextTooLongError as error:
            raise refuse([TEXT_TOO_LONG]) from error
        return json_response({"text": rendered.text, "missing": list(rendered.missing)})


TEXT_TOO_LONG = Problem(
    pointer="/template",
    code="text_too_long",
    detail=f"With the values in it, the text has more than {MAX_TEXT_LENGTH:,} characters.",
    expected=f"a template whose text has at most {MAX_TEXT_LENGTH:,} characters",
)


def _read_template(body: Mapping[str, JsonValue]) -> str:
    """Raises ApiError 400."""
    template = body.get("template")
    if isinstance(template, str) and len(template) <= MAX_TEMPLATE_LENGTH:
        return template
    expected = f"a text of at most {MAX_TEMPLATE_LENGTH:,} characters"
    if template is None:
        problem = Problem(pointer="/template", code="missing", detail="There is no template.", expected=expected)
    else:
        is_text = isinstance(template, str)
        problem = Problem(
            pointer="/template",
            code="too_long" if is_text else "wrong_type",
            detail=f"template is {'too long' if is_text else 'no text'}.",
            found=f"{len(template):,} characters" if isinstance(template, str) else excerpt(template),
            expected=expected,
        )
    raise refuse([problem])
