"""Mails of jobs as rows."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('installer', '0002_step_asked_at'),
    ]

    operations = [
        migrations.CreateModel(
            name='JobMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('link', 'Link'), ('completed', 'Job completed')], max_length=12)),
                ('state', models.CharField(choices=[('waiting', 'on its way'), ('sent', 'Sent'), ('given-up', 'given up'), ('not-needed', 'not needed any more')], default='waiting', max_length=12)),
                ('to', models.EmailField(blank=True, max_length=254)),
                ('base', models.CharField(blank=True, help_text="The portal's address, as whoever asked reached it.", max_length=255)),
                ('label', models.CharField(blank=True, max_length=160)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('pin_sealed', models.TextField(blank=True, editable=False)),
                ('asked_by', models.JSONField(blank=True, default=dict)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('due_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('tries', models.PositiveIntegerField(default=0)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('why', models.CharField(blank=True, help_text='What the mail server said last.', max_length=200)),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='mails', to='installer.installerjob')),
            ],
            options={
                'ordering': ['-created_at'],
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='job_mail_due')],
            },
        ),
    ]
