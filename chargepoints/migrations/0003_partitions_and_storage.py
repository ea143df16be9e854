"""Log lines and meter samples become partitioned tables; hot rows get room to be updated in place.

Django has no words for partitions, so the first migrations made plain tables to settle the columns and this replaces them while
they are empty.
"""

from datetime import UTC, datetime

from django.db import migrations

from chargepoints.partitions import statements

PARTITIONED = """
CREATE SEQUENCE {table}_seq_id AS bigint CACHE 100;
ALTER TABLE {table} RENAME TO {table}_plain;
CREATE TABLE {table} (LIKE {table}_plain INCLUDING DEFAULTS) PARTITION BY RANGE ({key});
DROP TABLE {table}_plain;
ALTER TABLE {table} ALTER COLUMN id SET DEFAULT nextval('{table}_seq_id');
ALTER SEQUENCE {table}_seq_id OWNED BY {table}.id;
CREATE TABLE {table}_default PARTITION OF {table} DEFAULT;
CREATE INDEX {table}_id_brin ON {table} USING brin (id);
"""

LOG_LINE = """
ALTER TABLE chargepoints_logline ADD PRIMARY KEY (charge_point_id, seq);
CREATE INDEX chargepoints_logline_at_brin ON chargepoints_logline USING brin (at);
"""

METER_SAMPLE = """
CREATE INDEX chargepoints_metersample_charge ON chargepoints_metersample (charge_id, at)
    WHERE charge_id IS NOT NULL;
CREATE INDEX chargepoints_metersample_power ON chargepoints_metersample (charge_point_id, connector_number, at)
    WHERE measurand = 'Power.Active.Import' AND phase = '';
CREATE INDEX chargepoints_metersample_received_brin ON chargepoints_metersample USING brin (received_at);
"""

# A sequence of its own, scrambled in the service: unique, unpredictable, never reused (CSMS.md 2.1).
TRANSACTION_IDS = "CREATE SEQUENCE chargepoints_transaction_id AS bigint MAXVALUE 2147483646 NO CYCLE;"

HOT_ROWS = """
ALTER TABLE chargepoints_connection SET (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE chargepoints_connector SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
ALTER TABLE chargepoints_charge SET (fillfactor = 80);
"""


def make_partitions(apps, schema_editor):
    """This month, the one before and the next three."""
    for statement in statements(datetime.now(UTC)):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("chargepoints", "0002_initial")]

    operations = [
        migrations.RunSQL(PARTITIONED.format(table="chargepoints_logline", key="seq") + LOG_LINE, elidable=False),
        migrations.RunSQL(
            PARTITIONED.format(table="chargepoints_metersample", key="received_at") + METER_SAMPLE, elidable=False
        ),
        migrations.RunPython(make_partitions, migrations.RunPython.noop),
        migrations.RunSQL(TRANSACTION_IDS),
        migrations.RunSQL(HOT_ROWS),
    ]
