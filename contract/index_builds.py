"""Builds an index of a large table while events go on coming in, also when the first attempt was cut off.

CREATE INDEX CONCURRENTLY blocks nobody, but runs outside of a transaction. Whoever is stopped in the middle leaves an
invalid index of the same name, or one that is built and not yet recorded as migrated. The next start has to go on from
either without a manual step, where Django's own operation would fail for ever: “already exists”.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently

IS_VALID = """
    SELECT indisvalid
      FROM pg_index
     WHERE indexrelid = to_regclass(%(name)s)
"""


class BuildIndex(AddIndexConcurrently):
    """AddIndexConcurrently that can be run again. Its migration has `atomic = False`, and no other operation of SQL."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        name = schema_editor.quote_name(self.index.name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(IS_VALID, {"name": name})
            found = cursor.fetchone()
        if found == (True,):
            return
        if found is not None:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
