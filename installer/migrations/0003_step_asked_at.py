"""When somebody wanted a step of an acceptance test to run."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("installer", "0002_job_mail")]

    operations = [
        migrations.AddField(
            model_name="acceptancestep",
            name="asked_at",
            field=models.DateTimeField(blank=True, help_text="Since when somebody wants it to run.", null=True),
        ),
        migrations.AddIndex(
            model_name="acceptancestep",
            index=models.Index(
                fields=["row"],
                condition=models.Q(("asked_at__isnull", False), ("state", "todo")),
                name="acceptance_asked",
            ),
        ),
    ]
