"""A table for each snapshot of RFM scores, so that one is filled without indexes and removed without a trace.

Filling a million rows into the indexes of one table took a minute and more; building the indexes of a new one takes
seconds. The scores are derived, so those that are there go, and are computed anew within seconds. There is no primary
key, which PostgreSQL would need an index for that nobody reads: the ids of a snapshot follow from its own.
"""

from django.db import migrations, models

FORWARDS = """
    DELETE FROM insights_rfmcell;
    DELETE FROM insights_rfmsnapshot;
    DROP TABLE insights_rfmscore;
    CREATE TABLE insights_rfmscore (
        id bigint NOT NULL,
        snapshot_id bigint NOT NULL,
        contact_id bigint NOT NULL,
        currency varchar(3) NOT NULL,
        recency_days integer NOT NULL,
        frequency integer NOT NULL,
        monetary numeric NOT NULL,
        recency_score smallint NOT NULL,
        frequency_score smallint NOT NULL,
        monetary_score smallint NOT NULL,
        segment varchar(20) NOT NULL,
        came_from varchar(20) NOT NULL,
        CONSTRAINT rfm_score_once UNIQUE (snapshot_id, contact_id, currency),
        CONSTRAINT rfm_scores_from_1_to_5 CHECK (
            recency_score BETWEEN 1 AND 5 AND frequency_score BETWEEN 1 AND 5 AND monetary_score BETWEEN 1 AND 5
        )
    ) PARTITION BY LIST (snapshot_id);
    CREATE INDEX rfm_score_by_monetary ON insights_rfmscore (snapshot_id, currency, monetary DESC, id DESC);
    CREATE INDEX rfm_score_by_segment ON insights_rfmscore (snapshot_id, currency, segment, monetary DESC, id DESC)
        INCLUDE (contact_id);
    CREATE INDEX rfm_score_by_cell
        ON insights_rfmscore (snapshot_id, currency, recency_score, frequency_score, monetary DESC, id DESC)
        INCLUDE (contact_id);
    CREATE INDEX rfm_score_moved
        ON insights_rfmscore (snapshot_id, currency, came_from, segment, monetary DESC, id DESC)
        WHERE came_from <> segment;
"""


class Migration(migrations.Migration):
    dependencies = [("insights", "0002_rfm_score_by_monetary")]
    operations = [
        migrations.RunSQL(
            FORWARDS,
            migrations.RunSQL.noop,
            state_operations=[
                migrations.AlterField(
                    model_name="rfmscore",
                    name="id",
                    field=models.BigIntegerField(primary_key=True, serialize=False),
                )
            ],
        )
    ]
