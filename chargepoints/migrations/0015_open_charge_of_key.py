"""A key's running charge is asked for with every start."""

from django.db import migrations, models

from chargepoints.choices import OPEN_CHARGE_STATES


class Migration(migrations.Migration):
    dependencies = [("chargepoints", "0014_charge_started")]

    operations = [
        migrations.AddIndex(
            model_name="charge",
            index=models.Index(
                fields=["charge_key"],
                condition=models.Q(state__in=OPEN_CHARGE_STATES),
                name="charge_open_of_key",
            ),
        ),
    ]
