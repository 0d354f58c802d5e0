import django.db.models.deletion
from django.conf import settings
from django.core.management import call_command
from django.db import migrations, models

CACHE_TABLE = "huikuan_cache"


def create_cache_table(apps, schema_editor):
    """Counters of sign-in attempts must hold in every server process: they are kept in the database."""
    call_command("createcachetable", CACHE_TABLE, database=schema_editor.connection.alias, verbosity=0)


def drop_cache_table(apps, schema_editor):
    schema_editor.execute(f"DROP TABLE {CACHE_TABLE}")


class Migration(migrations.Migration):
    dependencies = [("store", "0007_general_ledger")]
    operations = [
        migrations.AddField(
            model_name='importbatch',
            name='failure',
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name='importbatch',
            name='task_id',
            field=models.UUIDField(help_text='the background task that works on it, or did last', null=True),
        ),
        migrations.AlterField(
            model_name='importbatch',
            name='state',
            field=models.CharField(choices=[('checking', 'Checking'), ('staged', 'Staged'), ('queued', 'Queued'), ('publishing', 'Publishing'), ('published', 'Published'), ('discarded', 'Discarded')], default='staged', max_length=12),
        ),
        migrations.CreateModel(
            name='ScheduledJob',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('is_paused', models.BooleanField(default=False)),
                ('due_at', models.DateTimeField(help_text='when it is tried next; none: as soon as possible', null=True)),
                ('last_success_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0, help_text='in a row')),
                ('lease_holder', models.CharField(blank=True, max_length=64)),
                ('lease_until', models.DateTimeField(null=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='WatchedFolder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('folder', models.CharField(max_length=500, unique=True)),
                ('kind', models.CharField(max_length=20)),
                ('feed', models.CharField(max_length=12)),
                ('profile', models.CharField(blank=True, max_length=60)),
                ('source', models.CharField(blank=True, max_length=40)),
                ('currency', models.CharField(blank=True, max_length=3)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='store.entity')),
            ],
        ),
        migrations.CreateModel(
            name='ReportSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('report', models.CharField(max_length=20)),
                ('every', models.CharField(max_length=8)),
                ('folder', models.CharField(max_length=500)),
                ('is_active', models.BooleanField(default=True)),
                ('last_as_of', models.DateField(null=True)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='store.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'report', 'every', 'folder'), name='report_once')],
            },
        ),
        migrations.CreateModel(
            name='ScheduledRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.CharField(max_length=40)),
                ('state', models.CharField(choices=[('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('lost', 'Lost')], default='running', max_length=8)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('line', models.TextField(blank=True)),
                ('error', models.TextField(blank=True)),
                ('host', models.CharField(max_length=80)),
                ('pid', models.IntegerField()),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['job', '-id'], name='run_by_job')],
            },
        ),
        migrations.CreateModel(
            name='WatchedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_name', models.CharField(max_length=255)),
                ('sha256', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('imported', 'Imported'), ('refused', 'Refused'), ('known', 'Known')], max_length=10)),
                ('line', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='store.importbatch')),
                ('watched', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='files', to='store.watchedfolder')),
            ],
        ),
        migrations.RunPython(create_cache_table, drop_cache_table),
    ]
