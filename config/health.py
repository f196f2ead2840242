"""Answers whether this process can take events now: GET /healthz, for load balancers and for `make run`."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from contract.http import json_response
from contract.problems import UnavailableError, problem_response, refusal_of

_is_migrated = False  # once true, true for as long as this process runs


def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database is reachable and has every migration of this code; else 503 with Retry-After."""
    try:
        check_ready()
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return problem_response(refusal)
    return json_response({"status": "ready"}, headers={"Cache-Control": "no-store"})


def check_ready() -> None:
    """Raises UnavailableError, or what the database driver raises. One trivial query once the migrations were seen."""
    global _is_migrated
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if not _is_migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise UnavailableError("The database is being prepared: migrations have yet to run.")
        _is_migrated = True
