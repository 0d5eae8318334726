"""Import of another tool's file: sent, its columns named, the dry run read, confirmed, done by a job."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from contracts.models import Contract
from tenants.api.deeds import deed
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import Body, PersonSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tickets.api.fields import choice, text
from tickets.api.shapes import person
from tickets.domain.bulk_presets import FIELDS, Kind, missing_fields
from tickets.domain.lifecycle import LEADS
from tickets.models import BulkImport
from tickets.models.bulk import BulkKind, BulkOutcome, BulkSource
from tickets.services.bulk import confirm_bulk, map_bulk, may_import, upload_bulk
from tickets.services.bulk_check import check, fingerprint, table_of
from tickets.views.bulk import became, is_stuck, would_become


class UploadBody(Body):
    kind = choice(BulkKind.choices)
    source = choice(BulkSource.choices)
    system = text(60, help_text="For rows that name none.")
    environment = text(60)
    file = serializers.FileField(max_length=255, help_text="CSV in UTF-8 or Shift_JIS.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {"upload": attrs.pop("file"), **attrs}


class ColumnsBody(Body):
    mapping = serializers.DictField(
        child=serializers.CharField(max_length=200), help_text="A field's name to a heading."
    )

    def validate_mapping(self, told: dict[str, str]) -> dict[str, str]:
        known = FIELDS[Kind(self.context["kind"])]
        if unknown := sorted(set(told) - set(known)):
            raise serializers.ValidationError(f"{unknown[0]}: {', '.join(known)}")
        return told


class ConfirmBody(Body):
    shown = text(64, help_text="`fingerprint` of the dry run that was read.")


class CountsSerializer(serializers.Serializer):
    created = serializers.IntegerField()
    skipped = serializers.IntegerField()
    wrong = serializers.IntegerField()


class ImportSerializer(serializers.Serializer):
    id = serializers.CharField()
    contract = serializers.CharField(help_text="Its id.")
    kind = choice(BulkKind.choices)
    source = choice(BulkSource.choices)
    name = serializers.CharField(help_text="Of the file.")
    sha256 = serializers.CharField()
    system = serializers.CharField()
    environment = serializers.CharField()
    mapping = serializers.DictField(child=serializers.CharField())
    by = PersonSerializer()
    uploaded_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class ImportDetailSerializer(ImportSerializer):
    heads = serializers.ListField(child=serializers.CharField(allow_blank=True))
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Fields that need a column before anything is run."
    )
    counts = CountsSerializer(help_text="What the rows would become, then what became of them.")
    rows = serializers.IntegerField()
    done = serializers.IntegerField(help_text="Rows that the job has taken so far.")
    stuck = serializers.BooleanField(help_text="The job died: an account manager tries it again.")
    fingerprint = serializers.CharField(
        allow_null=True, help_text="What confirming names; null while a row is wrong."
    )


class ImportRowSerializer(serializers.Serializer):
    number = serializers.IntegerField(help_text="In the file; the head is 1.")
    source_key = serializers.CharField(allow_blank=True)
    outcome = choice(BulkOutcome.choices)
    ticket = serializers.CharField(allow_blank=True)
    said = serializers.CharField(allow_blank=True, help_text="What is wrong.")


def summary(row: BulkImport) -> dict[str, Any]:
    names = ("kind", "source", "name", "sha256", "system", "environment", "mapping")
    times = ("uploaded_at", "confirmed_at", "finished_at")
    return {
        "id": row.public_id,
        "contract": row.contract.public_id,
        **{name: getattr(row, name) for name in (*names, *times)},
        "by": person(row.by),
    }


def detail(row: BulkImport) -> dict[str, Any]:
    """Return an import with its dry run; once it is confirmed, with how far it is."""
    heads, missing = table_of(row).heads, missing_fields(row.mapping, row.kind)
    shape = {**summary(row), "heads": heads, "missing": missing}
    if row.confirmed_at:
        outcomes, expected = Counter(row.outcomes.values_list("outcome", flat=True)), row.expected
        return {
            **shape,
            **counted(outcomes, expected, done=outcomes.total()),
            "stuck": is_stuck(row),
            "fingerprint": None,
        }
    rows = [] if missing else check(row, timezone.now())
    found = Counter(str(each.outcome) for each in rows)
    shown = None if not rows or found[BulkOutcome.WRONG] else fingerprint(row, rows)
    return {**shape, **counted(found, len(rows)), "stuck": False, "fingerprint": shown}


def counted(counts: Counter, rows: int, done: int = 0) -> dict[str, Any]:
    return {
        "counts": {code: counts[code] for code in BulkOutcome.values},
        "rows": rows,
        "done": done,
    }


class NewImportViewSet(ApiViewSet):
    """Files for one contract; a bridge SE or an account manager brings them."""

    queryset = BulkImport.objects.none()
    parser_classes = [MultiPartParser]

    def found(self, public_id: str) -> Contract:
        return get_object_or_404(Contract.objects.select_related("tenant"), public_id=public_id)

    @deed("import_upload", None, UploadBody, ImportDetailSerializer, status=201, files=True)
    def create(self, contract: Contract, now: datetime, **told: Any) -> dict[str, Any]:
        """Send a file; nothing is imported before it is confirmed."""
        actor = self.desk(contract.tenant_id, LEADS)
        return detail(upload_bulk(contract=contract, actor=actor, now=now, **told))


class ImportViewSet(ApiViewSet):
    """Files that were sent, each with its dry run or with how far its job is."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = BulkImport.objects.none()

    def found(self, public_id: str) -> BulkImport:
        rows = BulkImport.objects.select_related("contract", "tenant", "by__user")
        row = get_object_or_404(rows, public_id=public_id)
        may_import(self.desk(row.tenant_id, LEADS))
        return row

    def context_for(self, found: BulkImport) -> dict[str, Any]:
        return {"tenant_id": found.tenant_id, "kind": found.kind}

    @extend_schema(
        operation_id="import_list",
        summary="List imports",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(ImportSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the files of your clients, the latest first."""
        leads = {m.tenant_id for m in request.memberships if m.role in LEADS}
        rows = BulkImport.objects.filter(tenant_id__in=leads).defer("content")
        return Response(part_of(request, rows.select_related("contract", "by__user"), summary))

    @extend_schema(
        operation_id="import_read",
        summary="Read an import",
        responses={200: ImportDetailSerializer},
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return what the file would become; once it is confirmed, how far the job is."""
        return Response(detail(self.found(public_id)))

    @extend_schema(
        operation_id="import_rows",
        summary="List the rows of an import",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(ImportRowSerializer)},
    )
    @action(detail=True, methods=["get"], url_path="rows", parameters=PAGES)
    def rows(self, request: Request, public_id: str) -> Response:
        """Return what each row would become, or what became of it."""
        row, names = self.found(public_id), ImportRowSerializer().fields
        known = row.confirmed_at or missing_fields(row.mapping, row.kind)
        told = became(row) if known else would_become(check(row, timezone.now()))
        return Response(
            part_of(request, list(told), lambda each: dict(zip(names, each, strict=True)))
        )

    @deed("import_map", "columns", ColumnsBody, ImportDetailSerializer, method="patch")
    def columns(self, row: BulkImport, now: datetime, mapping: dict[str, str]) -> dict[str, Any]:
        """Say which heading stands for which field."""
        actor = self.desk(row.tenant_id, LEADS)
        return detail(map_bulk(bulk=row, actor=actor, mapping=mapping))

    @deed("import_confirm", "confirm", ConfirmBody, ImportDetailSerializer, status=202)
    def confirm(self, row: BulkImport, now: datetime, shown: str) -> dict[str, Any]:
        """Import exactly what was shown; a job does it, and reading the import says how far it is."""
        actor = self.desk(row.tenant_id, LEADS)
        return detail(confirm_bulk(bulk=row, actor=actor, shown=shown, now=now))
