from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chargepoints', '0004_core_and_security'),
    ]

    operations = [
        migrations.AddField(
            model_name='chargepoint',
            name='registration_told',
            field=models.CharField(blank=True, editable=False, help_text='What its last BootNotification was answered with; empty before the first.', max_length=8),
        ),
        migrations.RunSQL(
            "UPDATE chargepoints_chargepoint SET registration_told = registration WHERE booted_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
