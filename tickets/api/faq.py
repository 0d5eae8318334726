"""The FAQ of the service desk: searched, written, and counted."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.idempotency import once
from tenants.api.pagination import paged, part_of
from tenants.api.serializers import Body, ClientSerializer
from tenants.api.views import CURSOR, LIMIT, PAGES, ApiViewSet
from tenants.errors import NotPermitted
from tenants.models import Membership
from tickets import services
from tickets.api.bodies import optional_text, text
from tickets.domain.lifecycle import AGENTS
from tickets.models import FaqEntry
from tickets.models.faq import FaqStatus
from tickets.services.faq import LANGUAGES, MOST_ANSWER, MOST_AT_ONCE, MOST_TITLE, Text, search_faq
from tickets.views.faq import agent_for, asked_for, clients_of, entries_of, entry_or_404


class FaqTextSerializer(serializers.Serializer):
    language = serializers.ChoiceField(LANGUAGES)
    title = serializers.CharField(max_length=MOST_TITLE)
    answer = serializers.CharField(max_length=MOST_ANSWER)


class FaqSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    system = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(FaqStatus.choices)
    texts = FaqTextSerializer(many=True)
    answered = serializers.IntegerField(help_text="Tickets that it answered.")
    deflected = serializers.IntegerField(help_text="People who then opened no ticket.")
    changed_at = serializers.DateTimeField()


class FaqHitSerializer(serializers.Serializer):
    id = serializers.CharField()
    client = ClientSerializer()
    text = FaqTextSerializer()
    score = serializers.FloatField(help_text="0 to 1: how much of what was looked for it holds.")


class FaqHitsSerializer(serializers.Serializer):
    results = FaqHitSerializer(many=True)


class FaqBody(Body):
    system = optional_text(60)
    texts = FaqTextSerializer(many=True, help_text="A language that is left out is taken out.")

    def validate_texts(self, rows: list[dict[str, str]]) -> dict[str, Text]:
        return {row["language"]: Text(row["title"], row["answer"]) for row in rows}


class NewFaqBody(FaqBody):
    client = text(12, help_text="A client's code.")


class FaqStatusBody(Body):
    status = serializers.ChoiceField(FaqStatus.choices)


class AnswerManyBody(Body):
    tickets = serializers.ListField(
        child=text(40), min_length=1, max_length=MOST_AT_ONCE, help_text="Their keys."
    )


class AnswerFromFaqBody(Body):
    entry = text(16, help_text="Its id.")
    language = serializers.ChoiceField(LANGUAGES, required=False, help_text="Else the requester's.")
    resolve = serializers.BooleanField(required=False, default=True)

    def validate_entry(self, public_id: str) -> FaqEntry:
        rows = FaqEntry.objects.filter(tenant_id=self.context["tenant_id"], public_id=public_id)
        if (found := rows.first()) is None:
            raise serializers.ValidationError(_("There is no such entry here."), "does_not_exist")
        return found


def client_of(row: FaqEntry) -> dict[str, str]:
    return {"code": row.tenant.code, "name": row.tenant.name}


def words_of(row: Any) -> dict[str, str]:
    return {"language": row.language, "title": row.title, "answer": row.answer}


def shape(row: FaqEntry) -> dict[str, Any]:
    own = ("system", "status", "answered", "deflected", "changed_at")
    return {
        "id": row.public_id,
        "client": client_of(row),
        "texts": [words_of(each) for each in row.texts.all()],
        **{name: getattr(row, name) for name in own},
    }


class FaqViewSet(ApiViewSet):
    """What is asked again and again, answered once in the client's languages."""

    lookup_field = "public_id"
    lookup_value_converter = "slug"
    queryset = FaqEntry.objects.none()

    def known_parameters(self) -> frozenset[str]:
        own = {"list": PAGES, "search": frozenset({"q"})}
        return frozenset(own.get(self.action, frozenset()))

    @extend_schema(
        operation_id="faq_list",
        summary="List FAQ entries",
        parameters=[LIMIT, CURSOR],
        responses={200: paged(FaqSerializer)},
    )
    def list(self, request: Request) -> Response:
        """Return the entries that you may read; drafts are the vendor's."""
        return Response(part_of(request, entries_of(request), shape))

    @extend_schema(
        operation_id="faq_search",
        summary="Search the FAQ",
        parameters=[OpenApiParameter("q", str, required=True, description="What is asked.")],
        responses={200: FaqHitsSerializer},
    )
    @action(detail=False, methods=["get"], url_path="search")
    def search(self, request: Request) -> Response:
        """Return the 20 published entries that hold most of what is asked, best first."""
        asked = request.query_params.get("q", "")
        hits = search_faq(asked, tenants=clients_of(request))
        rows = [
            {"id": hit.entry.public_id, "client": client_of(hit.entry),
             "text": words_of(hit.text), "score": round(hit.score, 3)}
            for hit in hits
        ]  # fmt: skip
        return Response({"results": rows})

    @extend_schema(
        operation_id="faq_read", summary="Read an FAQ entry", responses={200: FaqSerializer}
    )
    def retrieve(self, request: Request, public_id: str) -> Response:
        """Return the entry in all its languages."""
        return Response(shape(entry_or_404(request, public_id)))

    @extend_schema(
        operation_id="faq_write",
        summary="Write an FAQ entry",
        request=NewFaqBody,
        responses={201: FaqSerializer},
    )
    def create(self, request: Request) -> Response:
        """Write an entry as a draft."""
        told = self.told(NewFaqBody)
        actor = writer_at(request, told.pop("client"))

        def act() -> Response:
            entry = services.save_faq(actor=actor, now=timezone.now(), **told)
            return Response(shape(entry_or_404(request, entry.public_id)), 201)

        return once(request, actor.tenant_id, act)

    @extend_schema(
        operation_id="faq_change",
        summary="Change an FAQ entry",
        request=FaqBody,
        responses={200: FaqSerializer},
    )
    def update(self, request: Request, public_id: str) -> Response:
        """Put the entry's texts in place of those it has."""
        entry, told = entry_or_404(request, public_id), self.told(FaqBody)
        services.save_faq(actor=agent_for(request, entry), entry=entry, now=timezone.now(), **told)
        return Response(shape(entry_or_404(request, public_id)))

    @extend_schema(
        operation_id="faq_status",
        summary="Publish or retire an FAQ entry",
        request=FaqStatusBody,
        responses={200: FaqSerializer},
    )
    @action(detail=True, methods=["post"], url_path="status")
    def status(self, request: Request, public_id: str) -> Response:
        """Set whether the client's people find the entry."""
        entry, told = entry_or_404(request, public_id), self.told(FaqStatusBody)

        def act() -> Response:
            services.set_faq_status(
                entry=entry, actor=agent_for(request, entry), now=timezone.now(), **told
            )
            return Response(shape(entry_or_404(request, public_id)))

        return once(request, entry.tenant_id, act)

    @extend_schema(
        operation_id="faq_answer_many",
        summary="Answer several tickets with an entry",
        request=AnswerManyBody,
        responses={200: FaqSerializer},
    )
    @action(detail=True, methods=["post"], url_path="answer")
    def answer_many(self, request: Request, public_id: str) -> Response:
        """Answer and resolve the tickets: all of them, or where one may not be, none."""
        entry, told = entry_or_404(request, public_id), self.told(AnswerManyBody)
        tickets = asked_for(request, entry, told["tickets"])

        def act() -> Response:
            services.answer_many(
                tickets=tickets, entry=entry, actor=agent_for(request, entry), now=timezone.now()
            )
            return Response(shape(entry_or_404(request, public_id)))

        return once(request, entry.tenant_id, act)

    @extend_schema(
        operation_id="faq_answered_me",
        summary="Say that an entry answered you",
        request=None,
        responses={200: FaqSerializer},
    )
    @action(detail=True, methods=["post"], url_path="answered-me")
    def answered_me(self, request: Request, public_id: str) -> Response:
        """Count that you needed no ticket: once a day, and only a client's person."""
        entry = entry_or_404(request, public_id)

        def act() -> Response:
            desks = [m for m in request.memberships if m.tenant_id == entry.tenant_id]
            actor = next((m for m in desks if not m.is_vendor), desks[0])
            services.answered_me(entry=entry, actor=actor, now=timezone.now())
            return Response(shape(entry_or_404(request, public_id)))

        return once(request, entry.tenant_id, act)


def writer_at(request: Request, code: str) -> Membership:
    """:raises NotPermitted: if this person writes no FAQ there; another's client is the same."""
    mine = (m for m in request.memberships if m.tenant.code == code and m.role in AGENTS)
    if (actor := next(mine, None)) is None:
        raise NotPermitted(_("Only the vendor's team of this client writes its FAQ."))
    return actor
