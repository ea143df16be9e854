from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chargepoints', '0018_kept_commands'),
    ]

    operations = [
        migrations.AddField(
            model_name='commandbatch',
            name='resumed_at',
            field=models.DateTimeField(blank=True, help_text='When a person last set it going again: failures before that halt nothing.', null=True),
        ),
        migrations.AlterField(
            model_name='commandbatch',
            name='ended_at',
            field=models.DateTimeField(blank=True, help_text='Since when nothing of it is under way.', null=True),
        ),
    ]
