"""GET /api/schema, the OpenAPI document, and GET /api/docs, which shows it with no asset from elsewhere.

The document also tells of the addresses outside of the API that serve machines: /healthz.

Both are open to everybody: they hold nothing but what the project's own pages tell.
"""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import OpenApiResponse, extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView

from contract.http import ApiView
from contract.json_values import encode
from contract.openapi import describe, query_parameter
from contract.openapi_refusals import plain_refusal
from contract.scopes import SAFE_METHODS


@cache
def schema_text() -> str:
    """The document as JSON. It changes with the code only, so it is made once in each process."""
    return encode(SchemaGenerator().get_schema(request=None, public=True))


class SchemaView(ApiView):
    authentication_classes = []
    permission_classes = []

    @describe(
        "Read this document",
        "The OpenAPI 3.1 document of every address. It needs no key.",
        tag="about",
        answers={200: {"type": "object", "required": ["openapi", "paths"]}},
        errors=(),
        answer_examples={200: {"openapi": "3.1.1", "info": {"title": "Orderloom", "version": "1"}, "paths": {}}},
        operation_id="readSchema",
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(schema_text(), content_type="application/json")


class DocsView(SpectacularSwaggerSplitView):  # its script comes apart, as the policy of config/protection.py wants
    authentication_classes = []
    permission_classes = []
    url_name = "schema"
    http_method_names = ["get", "head"]  # the answer of REST framework to OPTIONS has no template, and would be a 500

    @extend_schema(
        summary="Read this document as a page",
        description="The same as a page that loads nothing from elsewhere. It needs no key.",
        tags=["about"],
        operation_id="readDocs",
        responses={
            (200, "text/html"): OpenApiResponse({"type": "string"}, description="The page."),
            (200, "application/javascript"): OpenApiResponse({"type": "string"}, description="The page."),
        },
        parameters=[query_parameter("script", "Answers the page's script instead.", {"type": "string", "enum": [""]})],
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().get(request, *args, **kwargs)


HEALTH: dict[str, Any] = {
    "operationId": "readHealth",
    "summary": "Whether events can be taken",
    "description": "For load balancers: 200 when the database can be reached and is up to date. It needs no key.",
    "tags": ["about"],
    "responses": {
        "200": {
            "description": "Events can be taken.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {"status": {"type": "string", "enum": ["ready"]}},
                        "required": ["status"],
                    },
                    "examples": {"Answer": {"value": {"status": "ready"}}},
                }
            },
        },
        "503": plain_refusal(503),
    },
}


def add_machine_addresses(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: the addresses that are no views of REST framework, and so are not found by it."""
    result["paths"]["/healthz"] = {"get": HEALTH}
    return result


class KeysInTheDocument(OpenApiAuthenticationExtension):
    target_class = "events.keys.ApiKeyAuthentication"
    name = ["basic", "bearer"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        basic = "Any user name, the empty one too, with an API key as the password."
        return [
            {"type": "http", "scheme": "basic", "description": basic},
            {"type": "http", "scheme": "bearer", "description": "An API key."},
        ]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{"basic": []}, {"bearer": []}]  # either of them, not both


class SessionsInTheDocument(OpenApiAuthenticationExtension):
    target_class = "contract.scopes.SessionReadAuthentication"
    name = "console"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        description = "A signed-in console user with the permission, for reading."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": description}

    def get_security_requirement(self, auto_schema: Any) -> Any:
        return {"console": []} if auto_schema.method in SAFE_METHODS else None
