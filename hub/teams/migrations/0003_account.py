from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("teams", "0002_people")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="shortcuts",
            field=models.BooleanField(default=True, verbose_name="shortcuts of one key"),
        ),
    ]
