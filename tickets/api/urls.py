from django.urls import path
from rest_framework.routers import SimpleRouter

from tickets.api.alerts import AlertSourceViewSet, AlertWindowViewSet, NewAlertWindowViewSet
from tickets.api.attachments import AttachmentViewSet
from tickets.api.bulk import ImportViewSet, NewImportViewSet
from tickets.api.check import CheckViewSet
from tickets.api.estimates import EstimateViewSet, OrderFileViewSet
from tickets.api.faq import FaqViewSet
from tickets.api.letters import LetterViewSet, MailboxViewSet
from tickets.api.notices import ChannelsViewSet, NoticeViewSet
from tickets.api.oncall import (
    AbsenceViewSet,
    NewRosterViewSet,
    PageViewSet,
    RosterViewSet,
    SwapViewSet,
)
from tickets.api.overage import OverageViewSet
from tickets.api.patterns import PatternViewSet
from tickets.api.releases import NewReleaseViewSet, ReleaseViewSet
from tickets.api.replays import NewReplayViewSet, ReplayViewSet
from tickets.api.routines import NewRoutineViewSet, ProofViewSet, RoutineViewSet, RunViewSet
from tickets.api.security import FindingViewSet, NewFindingViewSet
from tickets.api.timers import LinkViewSet, TimerViewSet
from tickets.api.unaccounted import UnaccountedViewSet
from tickets.api.viewsets import TicketViewSet
from tickets.api.waiting import WaitingViewSet
from tickets.api.words import CommentViewSet, GlossaryViewSet, TermViewSet

OF_A_CONTRACT = "contracts/<slug:public_id>"
router = SimpleRouter(use_regex_path=False)
for prefix, viewset, basename in (
    ("tickets", TicketViewSet, "ticket"),
    ("estimates", EstimateViewSet, "estimate"),
    ("order-files", OrderFileViewSet, "order-file"),
    ("waiting", WaitingViewSet, "waiting"),
    ("overage", OverageViewSet, "overage"),
    ("unaccounted", UnaccountedViewSet, "unaccounted"),
    ("findings", FindingViewSet, "finding"),
    (f"{OF_A_CONTRACT}/findings", NewFindingViewSet, "contract-finding"),
    ("faq", FaqViewSet, "faq"),
    ("patterns", PatternViewSet, "pattern"),
    ("comments", CommentViewSet, "comment"),
    ("links", LinkViewSet, "link"),
    ("attachments", AttachmentViewSet, "attachment"),
    ("notices", NoticeViewSet, "notice"),
    ("terms", TermViewSet, "term"),
    ("glossary/<slug:code>", GlossaryViewSet, "glossary"),
    ("imports", ImportViewSet, "import"),
    ("replays", ReplayViewSet, "replay"),
    ("releases", ReleaseViewSet, "release"),
    ("routines", RoutineViewSet, "routine"),
    ("routine-runs", RunViewSet, "routine-run"),
    ("routine-proofs", ProofViewSet, "routine-proof"),
    ("rosters", RosterViewSet, "roster"),
    ("swaps", SwapViewSet, "swap"),
    ("absences", AbsenceViewSet, "absence"),
    ("pages", PageViewSet, "page"),
    ("letters", LetterViewSet, "letter"),
    ("mailboxes", MailboxViewSet, "mailbox"),
    ("alert-sources", AlertSourceViewSet, "alert-source"),
    ("alert-windows", AlertWindowViewSet, "alert-window"),
    (f"{OF_A_CONTRACT}/alert-windows", NewAlertWindowViewSet, "contract-alert-window"),
    (f"{OF_A_CONTRACT}/imports", NewImportViewSet, "contract-import"),
    (f"{OF_A_CONTRACT}/replays", NewReplayViewSet, "contract-replay"),
    (f"{OF_A_CONTRACT}/releases", NewReleaseViewSet, "contract-release"),
    (f"{OF_A_CONTRACT}/routines", NewRoutineViewSet, "contract-routine"),
):
    router.register(prefix, viewset, basename=basename)
CHANNELS = {"get": "retrieve", "patch": "partial_update"}
urlpatterns = [
    *router.urls,
    path(f"{OF_A_CONTRACT}/check/", CheckViewSet.as_view({"post": "check"}), name="contract-check"),
    path(
        "clients/<slug:code>/rosters/<slug:tier>/",
        NewRosterViewSet.as_view({"put": "write"}),
        name="client-roster",
    ),
    path("timer/", TimerViewSet.as_view({"get": "retrieve"}), name="timer"),
    path("me/channels/", ChannelsViewSet.as_view(CHANNELS), name="channels"),
]
