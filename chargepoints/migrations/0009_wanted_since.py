"""Since when an identity is claimed: the oldest claim takes it when it becomes free."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chargepoints", "0008_people")]

    operations = [
        migrations.AddField(
            model_name="chargepoint",
            name="wanted_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
