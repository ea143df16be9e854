"""Short transaction ids for chargers that need them; values outside a charge are found again when they come twice."""

from django.db import migrations, models

OUTSIDE = """
CREATE INDEX chargepoints_metersample_outside ON chargepoints_metersample (charge_point_id, at)
    WHERE charge_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [("chargepoints", "0011_ledger")]

    operations = [
        migrations.AddField(
            model_name="chargepoint",
            name="small_ids_given",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="chargepoint",
            name="small_transaction_ids",
            field=models.BooleanField(
                default=False,
                help_text="Give its charges ids of 1 to 65535, for chargers that cut or refuse larger ones. "
                "When all have been given, it gets long ones again.",
            ),
        ),
        migrations.RunSQL(OUTSIDE, "DROP INDEX chargepoints_metersample_outside"),
    ]
