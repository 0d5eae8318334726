import django.db.models.deletion
from django.db import migrations, models

import tenants.models.owned
import tickets.domain.estimate


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0003_bought_hours"),
        ("tenants", "0001_initial"),
        ("tickets", "0003_disputes_and_emergencies"),
    ]

    operations = [
        migrations.CreateModel(
            name="AmountLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "amount",
                    models.BigIntegerField(help_text="Minor units of the contract's currency."),
                ),
                ("set_at", models.DateTimeField()),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Estimate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=tenants.models.owned.random_public_id,
                        editable=False,
                        max_length=16,
                        unique=True,
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(help_text="1, 2, ... of its ticket.")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("submitted", "Waits for approval"),
                            ("approved", "Approved, not sent yet"),
                            ("sent", "Waits for the client"),
                            ("accepted", "Accepted"),
                            ("declined", "Declined"),
                            ("delivered", "Delivered"),
                            ("delivery_accepted", "Delivery accepted"),
                            ("withdrawn", "Withdrawn"),
                            ("expired", "Expired"),
                            ("cancelled", "Cancelled"),
                            ("superseded", "Superseded"),
                        ],
                        default="draft",
                        max_length=20,
                    ),
                ),
                (
                    "version",
                    models.PositiveIntegerField(
                        default=1, help_text="Of the row: counts each change."
                    ),
                ),
                (
                    "amount",
                    models.BigIntegerField(help_text="Of the revision on the table, minor units."),
                ),
                ("drafted_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "expires_at",
                    models.DateTimeField(help_text="The last instant to answer.", null=True),
                ),
                (
                    "accepted_at",
                    models.DateTimeField(help_text="When work under it could begin.", null=True),
                ),
                ("delivered_at", models.DateTimeField(null=True)),
                (
                    "deemed_at",
                    models.DateTimeField(help_text="Silence until then is acceptance.", null=True),
                ),
                (
                    "warned_at",
                    models.DateTimeField(help_text="Of what is accepted, most is used.", null=True),
                ),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="EstimateAcceptance",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "authority",
                    models.CharField(
                        choices=[
                            ("service_owner", "Service Owner"),
                            ("purchase_order", "Purchase Order"),
                        ],
                        max_length=16,
                    ),
                ),
                ("purchase_order", models.CharField(blank=True, max_length=80)),
                ("amount", models.BigIntegerField(help_text="Seen; of the revision.")),
                (
                    "cumulative",
                    models.BigIntegerField(help_text="The ticket's extra amount with this one."),
                ),
                (
                    "limit",
                    models.BigIntegerField(
                        help_text="Of the authority; NULL: none was agreed.", null=True
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="EstimateApproval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("amount", models.BigIntegerField(help_text="Seen; of the revision.")),
                (
                    "cumulative",
                    models.BigIntegerField(help_text="The ticket's extra amount with this one."),
                ),
                (
                    "limit",
                    models.BigIntegerField(
                        help_text="Of the approver; NULL: none was agreed.", null=True
                    ),
                ),
                ("sha256", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="EstimateCharge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ground",
                    models.CharField(
                        choices=[
                            ("delivered", "Delivered"),
                            ("deemed", "Deemed"),
                            ("cancelled", "Cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                ("amount", models.BigIntegerField(help_text="Minor units, before tax.")),
                ("clause_id", models.CharField(blank=True, max_length=20)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="EstimateRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField()),
                (
                    "pricing",
                    models.CharField(
                        choices=[
                            ("fixed", "Fixed price"),
                            ("time_and_material", "Time and material"),
                        ],
                        max_length=20,
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "lines",
                    models.JSONField(help_text="`tickets.domain.offer.Line`, in their order."),
                ),
                (
                    "amount",
                    models.BigIntegerField(help_text="Fixed price or not-to-exceed, before tax."),
                ),
                ("assumptions", models.TextField(blank=True)),
                ("exclusions", models.TextField(blank=True)),
                (
                    "date_effect",
                    models.TextField(blank=True, help_text="What it does to other dates."),
                ),
                ("delivery_on", models.DateField(null=True)),
                ("language", models.CharField(max_length=5)),
                (
                    "sha256",
                    models.CharField(help_text="Of the offer as canonical JSON.", max_length=64),
                ),
                ("authored_at", models.DateTimeField()),
                ("edited_at", models.DateTimeField()),
                ("submitted_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["number"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.RemoveConstraint(
            model_name="settlement",
            name="minutes_are_settled_once",
        ),
        migrations.RemoveConstraint(
            model_name="settlement",
            name="minutes_are_settled_in_the_clients_favour",
        ),
        migrations.AddField(
            model_name="amountlimit",
            name="member",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="amountlimit",
            name="set_by",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="amountlimit",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="estimate",
            name="drafted_by",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimate",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="estimate",
            name="ticket",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="estimates",
                to="tickets.ticket",
            ),
        ),
        migrations.AddField(
            model_name="settlement",
            name="estimate",
            field=tenants.models.owned.TenantForeignKey(
                help_text="Accepted, or not any more.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="settlements",
                to="tickets.estimate",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("authority", "estimate"), _negated=True),
                fields=("tenant", "entry"),
                name="minutes_are_settled_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("authority", "estimate")),
                fields=("tenant", "entry"),
                name="minutes_come_under_an_estimate_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="settlement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("authority__in", ["included", "goodwill"]),
                    models.Q(
                        ("authority", "estimate"), models.Q(("estimate", None), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="minutes_are_settled_in_the_clients_favour",
            ),
        ),
        migrations.AddField(
            model_name="estimateacceptance",
            name="by",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimateacceptance",
            name="estimate",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="acceptances",
                to="tickets.estimate",
            ),
        ),
        migrations.AddField(
            model_name="estimateacceptance",
            name="period",
            field=tenants.models.owned.TenantForeignKey(
                help_text="It counts from this month on.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="contracts.period",
            ),
        ),
        migrations.AddField(
            model_name="estimateacceptance",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="estimateapproval",
            name="by",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimateapproval",
            name="estimate",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approvals",
                to="tickets.estimate",
            ),
        ),
        migrations.AddField(
            model_name="estimateapproval",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="estimatecharge",
            name="by",
            field=tenants.models.owned.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimatecharge",
            name="estimate",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="charges",
                to="tickets.estimate",
            ),
        ),
        migrations.AddField(
            model_name="estimatecharge",
            name="period",
            field=tenants.models.owned.TenantForeignKey(
                help_text="It counts in.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="estimate_charges",
                to="contracts.period",
            ),
        ),
        migrations.AddField(
            model_name="estimatecharge",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="estimaterevision",
            name="author",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimaterevision",
            name="edited_by",
            field=tenants.models.owned.TenantForeignKey(
                help_text="The last one.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimaterevision",
            name="estimate",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="revisions",
                to="tickets.estimate",
            ),
        ),
        migrations.AddField(
            model_name="estimaterevision",
            name="submitted_by",
            field=tenants.models.owned.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.membership",
            ),
        ),
        migrations.AddField(
            model_name="estimaterevision",
            name="tenant",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tenants.tenant",
            ),
        ),
        migrations.AddField(
            model_name="estimatecharge",
            name="revision",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tickets.estimaterevision",
            ),
        ),
        migrations.AddField(
            model_name="estimateapproval",
            name="revision",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approvals",
                to="tickets.estimaterevision",
            ),
        ),
        migrations.AddField(
            model_name="estimateacceptance",
            name="revision",
            field=tenants.models.owned.TenantForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="acceptances",
                to="tickets.estimaterevision",
            ),
        ),
        migrations.AddField(
            model_name="estimate",
            name="accepted",
            field=tenants.models.owned.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tickets.estimaterevision",
            ),
        ),
        migrations.AddField(
            model_name="estimate",
            name="revision",
            field=tenants.models.owned.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="tickets.estimaterevision",
            ),
        ),
        migrations.AddConstraint(
            model_name="amountlimit",
            constraint=models.UniqueConstraint(
                fields=("tenant", "member"), name="one_own_limit_a_member"
            ),
        ),
        migrations.AddConstraint(
            model_name="amountlimit",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="a_limit_is_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="amountlimit",
            constraint=models.CheckConstraint(
                condition=models.Q(("member", models.F("set_by")), _negated=True),
                name="nobody_sets_their_own_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimaterevision",
            constraint=models.UniqueConstraint(
                fields=("tenant", "estimate", "number"), name="estimate_revision_is_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimaterevision",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 1), ("amount__lte", 1000000000000)),
                name="an_estimate_asks_for_money",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimaterevision",
            constraint=models.CheckConstraint(
                condition=models.Q(("pricing__in", ["fixed", "time_and_material"])),
                name="estimate_pricing_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimaterevision",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("submitted_at", None),
                    models.Q(("submitted_by", None), _negated=True),
                    _connector="OR",
                ),
                name="a_submitted_revision_says_by_whom",
            ),
        ),
        migrations.AddIndex(
            model_name="estimatecharge",
            index=models.Index(fields=["tenant", "period"], name="estimate_charge_by_period"),
        ),
        migrations.AddConstraint(
            model_name="estimatecharge",
            constraint=models.UniqueConstraint(
                fields=("tenant", "estimate"), name="a_fixed_price_is_charged_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimatecharge",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0)), name="a_charge_is_not_negative"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimateapproval",
            constraint=models.UniqueConstraint(
                fields=("tenant", "revision", "by"), name="one_approval_a_desk_and_revision"
            ),
        ),
        migrations.AddIndex(
            model_name="estimateacceptance",
            index=models.Index(fields=["tenant", "estimate", "id"], name="acceptance_by_estimate"),
        ),
        migrations.AddConstraint(
            model_name="estimateacceptance",
            constraint=models.UniqueConstraint(
                fields=("tenant", "revision"), name="one_acceptance_a_revision"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimateacceptance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("authority", "service_owner"),
                    models.Q(
                        ("authority", "purchase_order"),
                        models.Q(("purchase_order", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="a_purchase_order_has_its_number",
            ),
        ),
        migrations.AddIndex(
            model_name="estimate",
            index=models.Index(
                fields=["tenant", "status", "expires_at"], name="estimate_by_status"
            ),
        ),
        migrations.AddIndex(
            model_name="estimate",
            index=models.Index(fields=["tenant", "ticket"], name="estimate_by_ticket"),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.UniqueConstraint(
                fields=("tenant", "ticket", "number"), name="estimate_number_is_unique"
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("tenant", "ticket"),
                name="one_estimate_alive_a_ticket",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "submitted",
                            "approved",
                            "sent",
                            "accepted",
                            "declined",
                            "delivered",
                            "delivery_accepted",
                            "withdrawn",
                            "expired",
                            "cancelled",
                            "superseded",
                        ],
                    )
                ),
                name="estimate_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at__isnull", False),
                        (
                            "status__in",
                            (
                                tickets.domain.estimate.EstimateStatus["DECLINED"],
                                tickets.domain.estimate.EstimateStatus["DELIVERY_ACCEPTED"],
                                tickets.domain.estimate.EstimateStatus["WITHDRAWN"],
                                tickets.domain.estimate.EstimateStatus["EXPIRED"],
                                tickets.domain.estimate.EstimateStatus["CANCELLED"],
                            ),
                        ),
                    ),
                    models.Q(
                        models.Q(
                            (
                                "status__in",
                                (
                                    tickets.domain.estimate.EstimateStatus["DECLINED"],
                                    tickets.domain.estimate.EstimateStatus["DELIVERY_ACCEPTED"],
                                    tickets.domain.estimate.EstimateStatus["WITHDRAWN"],
                                    tickets.domain.estimate.EstimateStatus["EXPIRED"],
                                    tickets.domain.estimate.EstimateStatus["CANCELLED"],
                                ),
                            ),
                            _negated=True,
                        ),
                        ("ended_at", None),
                    ),
                    _connector="OR",
                ),
                name="an_estimate_says_when_it_ended",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("accepted", None),
                    models.Q(("accepted_at", None), _negated=True),
                    _connector="OR",
                ),
                name="an_accepted_estimate_says_since_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status__in", ("accepted", "delivered", "delivery_accepted", "cancelled")),
                        _negated=True,
                    ),
                    models.Q(("accepted", None), _negated=True),
                    _connector="OR",
                ),
                name="only_an_accepted_estimate_is_worked_on",
            ),
        ),
        migrations.AddConstraint(
            model_name="estimate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sent"), _negated=True),
                    models.Q(
                        models.Q(("sent_at", None), _negated=True),
                        models.Q(("expires_at", None), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="a_sent_estimate_says_until_when",
            ),
        ),
    ]
