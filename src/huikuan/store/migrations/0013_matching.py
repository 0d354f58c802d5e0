import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from huikuan.store.triggers import install_in_migration


class Migration(migrations.Migration):
    dependencies = [("store", "0012_bank")]

    operations = [
        migrations.CreateModel(
            name="LineDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("deed", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("is_automatic", models.BooleanField(default=False)),
                ("account_id", models.BigIntegerField(null=True)),
                ("rank", models.PositiveSmallIntegerField(null=True)),
                ("confidence", models.DecimalField(max_digits=9, decimal_places=8, null=True)),
                ("bar", models.DecimalField(max_digits=9, decimal_places=8, null=True)),
                ("applied_minor", models.BigIntegerField(default=0)),
                ("leaves_minor", models.BigIntegerField(default=0)),
                ("legs", models.JSONField(default=list)),
                ("entries", models.JSONField(default=list)),
                ("detail", models.CharField(blank=True, max_length=300)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="store.entity",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="store.bankline",
                    ),
                ),
                (
                    "undoes",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="undone_by",
                        to="store.linedecision",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchingModel",
            fields=[
                (
                    "entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="matching_model",
                        serialize=False,
                        to="store.entity",
                    ),
                ),
                ("model", models.JSONField()),
                ("bar", models.JSONField()),
                ("lines", models.PositiveIntegerField()),
                ("fitted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LineClaim",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="claim",
                        serialize=False,
                        to="store.bankline",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineParked",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="parked",
                        serialize=False,
                        to="store.bankline",
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LinePart",
            fields=[
                (
                    "receipt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="line_part",
                        serialize=False,
                        to="store.receipt",
                    ),
                ),
                (
                    "decision",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="store.linedecision",
                    ),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="parts", to="store.bankline"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchingPolicy",
            fields=[
                (
                    "entity",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="matching_policy",
                        serialize=False,
                        to="store.entity",
                    ),
                ),
                ("is_automatic", models.BooleanField(default=False)),
                ("error_ppm", models.PositiveIntegerField(default=1000)),
                ("amount_minor_max", models.BigIntegerField(null=True)),
                (
                    "audit_bp",
                    models.PositiveIntegerField(default=200, help_text="share of automatic postings asked back"),
                ),
                ("charge_minor_max", models.BigIntegerField(default=0)),
                ("charge_bp_max", models.PositiveIntegerField(default=100)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchingRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("lines", models.PositiveIntegerField(default=0)),
                ("posted", models.PositiveIntegerField(default=0)),
                ("proposed", models.PositiveIntegerField(default=0)),
                ("unexplained", models.PositiveIntegerField(default=0)),
                (
                    "held_back",
                    models.JSONField(default=dict, help_text="why lines above the bar were not posted: code → count"),
                ),
                (
                    "actor",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.entity"),
                ),
            ],
        ),
        migrations.AddField(
            model_name="linedecision",
            name="run",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="store.matchingrun",
            ),
        ),
        migrations.CreateModel(
            name="MatchLearned",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=16)),
                ("key", models.CharField(max_length=400)),
                ("customer", models.CharField(blank=True, max_length=40)),
                ("detail", models.CharField(blank=True, max_length=120)),
                ("count", models.BigIntegerField(default=0)),
                ("others", models.BigIntegerField(default=0)),
                ("learned_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField(null=True)),
                (
                    "entity",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.entity"
                    ),
                ),
                (
                    "forgotten_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchProposal",
            fields=[
                (
                    "line",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="proposal",
                        serialize=False,
                        to="store.bankline",
                    ),
                ),
                ("decision", models.CharField(max_length=8)),
                ("kind", models.CharField(blank=True, max_length=16)),
                ("confidence", models.DecimalField(decimal_places=8, max_digits=9)),
                ("ambiguous", models.PositiveIntegerField(default=0)),
                ("account_id", models.BigIntegerField(null=True)),
                ("explanations", models.JSONField()),
                ("worked_out_at", models.DateTimeField()),
                ("is_stale", models.BooleanField(default=False)),
                (
                    "entity",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.entity"),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="store.matchingrun",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MatchAudit",
            fields=[
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="audit",
                        serialize=False,
                        to="store.linedecision",
                    ),
                ),
                ("drawn_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(blank=True, choices=[("right", "right"), ("wrong", "wrong")], max_length=8),
                ),
                ("said_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=300)),
                (
                    "entity",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="store.entity"),
                ),
                (
                    "said_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LineQuestion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.CharField(max_length=500)),
                ("asked_at", models.DateTimeField()),
                ("answer", models.CharField(blank=True, max_length=500)),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "asked",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="line_questions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "entity",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="store.entity"),
                ),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="questions", to="store.bankline"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at__isnull", True)),
                        fields=["asked", "id"],
                        name="line_question_open",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="linedecision",
            index=models.Index(fields=["line", "id"], name="line_decision_line"),
        ),
        migrations.AddIndex(
            model_name="linedecision",
            index=models.Index(fields=["entity", "at"], name="line_decision_day"),
        ),
        migrations.AddConstraint(
            model_name="linedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(("deed__in", ["apply", "on_account", "unapplied", "not_customer", "undo"])),
                name="line_decision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="linedecision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("deed", "undo"), ("undoes__isnull", False)),
                    models.Q(models.Q(("deed", "undo"), _negated=True), ("undoes", None)),
                    _connector="OR",
                ),
                name="line_decision_undo_names",
            ),
        ),
        migrations.AddConstraint(
            model_name="matchlearned",
            constraint=models.UniqueConstraint(
                fields=("entity", "kind", "key", "customer", "detail"), name="match_learned_once"
            ),
        ),
        migrations.AddIndex(
            model_name="matchproposal",
            index=models.Index(fields=["entity", "account_id"], name="match_proposal_account"),
        ),
        migrations.RunPython(install_in_migration, migrations.RunPython.noop),
    ]
