import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chargepoints", "0016_remote_actions")]

    operations = [
        migrations.CreateModel(
            name="FirmwareVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.CharField(max_length=255)),
                ("since", models.DateTimeField(help_text="The first boot with it.")),
                (
                    "charge_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="firmware_versions",
                        to="chargepoints.chargepoint",
                    ),
                ),
            ],
            options={
                "ordering": ["-since"],
                "indexes": [models.Index(fields=["charge_point", "-since"], name="firmware_version_newest")],
            },
        ),
    ]
