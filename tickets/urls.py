"""The routes of tickets: a ticket by its key, one route a step, a handoff by its public id."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path, register_converter

from tenants.fresh import fresh_sign_in
from tickets.domain.estimate import EstimateAction
from tickets.domain.lifecycle import Action
from tickets.views import (
    activation,
    alerts,
    bulk,
    estimate_form,
    estimates,
    exports,
    faq,
    files,
    flow,
    history,
    inbox,
    intake,
    letters,
    lists,
    live,
    oncall,
    overage,
    page,
    patterns,
    releases,
    replays,
    routines,
    security,
    steps,
    time,
    timers,
    unaccounted,
    watch,
    words,
)

# What binds money or the contract: these steps ask again who is there (tenants/fresh.py).
SENSITIVE = {
    *(Action.RULE_UNDECIDED, Action.OVERRIDE_VERDICT, Action.ANSWER_DISPUTE),
    *(Action.AGREE_TO_RULING, EstimateAction.APPROVE, EstimateAction.ACCEPT),
    *(EstimateAction.RECORD_ORDER, EstimateAction.ACCEPT_DELIVERY),
}


def step(move: Any, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view of a step for people who signed in, and just now where it is sensitive."""
    return login_required(fresh_sign_in(view) if move.action in SENSITIVE else view)


class KeyConverter:
    regex = r"[A-Z][A-Z0-9]{1,11}-[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(KeyConverter, "ticket_key")

app_name = "tickets"
urlpatterns = [
    path("", login_required(lists.ticket_list), name="list"),
    path("inbox/", login_required(inbox.inbox), name="inbox"),
    path("new/", login_required(intake.new_request), name="new"),
    path("overage/", login_required(overage.overage_list), name="overage"),
    path(
        "overage/<slug:contract>/",
        login_required(fresh_sign_in(overage.agree)),
        name="agree_overage",
    ),
    path("new/verdict/", login_required(intake.live_verdict), name="live_verdict"),
    path("releases/", login_required(releases.release_list), name="releases"),
    path("releases/new/<slug:contract>/", login_required(releases.new_release), name="new_release"),
    path("releases/<slug:public_id>/", login_required(releases.release_page), name="release"),
    path("security/", login_required(security.finding_list), name="security"),
    path("security/new/<slug:contract>/", login_required(security.new_finding), name="new_finding"),
    path("security/<slug:public_id>/", login_required(security.finding_page), name="finding"),
    path(
        "security/<slug:public_id>/end/", login_required(security.end_finding), name="end_finding"
    ),
    path(
        "security/<slug:public_id>/accept/",
        login_required(security.accept_risk),
        name="accept_risk",
    ),
    path(
        "security/<slug:public_id>/ticket/",
        login_required(security.finding_ticket),
        name="finding_ticket",
    ),
    path("faq/", login_required(faq.faq_list), name="faq"),
    path("faq/suggest/", login_required(faq.faq_suggest), name="faq_suggest"),
    path("faq/new/<slug:code>/", login_required(faq.new_faq), name="new_faq"),
    path("faq/<slug:public_id>/", login_required(faq.faq_page), name="faq_entry"),
    path("faq/<slug:public_id>/edit/", login_required(faq.edit_faq), name="edit_faq"),
    path("faq/<slug:public_id>/status/", login_required(faq.faq_status), name="faq_status"),
    path(
        "faq/<slug:public_id>/answered-me/",
        login_required(faq.faq_answered_me),
        name="faq_answered_me",
    ),
    path(
        "faq/<slug:public_id>/answer/", login_required(faq.faq_answer_many), name="faq_answer_many"
    ),
    path("<ticket_key:key>/from-faq/", login_required(faq.answer_ticket), name="from_faq"),
    path("patterns/", login_required(patterns.pattern_list), name="patterns"),
    path("patterns/<slug:public_id>/", login_required(patterns.pattern_page), name="pattern"),
    path(
        "patterns/<slug:public_id>/problem/",
        login_required(patterns.pattern_problem),
        name="pattern_problem",
    ),
    path(
        "patterns/<slug:public_id>/fix/", login_required(patterns.pattern_fix), name="pattern_fix"
    ),
    path("<ticket_key:key>/problem/", login_required(patterns.problem), name="problem"),
    path("<ticket_key:key>/not-this/", login_required(patterns.leave), name="leave_pattern"),
    path("routines/", login_required(routines.today), name="routines"),
    path("routines/new/<slug:contract>/", login_required(routines.new_routine), name="new_routine"),
    path("routines/<slug:public_id>/", login_required(routines.task_page), name="routine"),
    path(
        "routines/<slug:public_id>/change/",
        login_required(routines.change_routine),
        name="change_routine",
    ),
    path(
        "routines/<slug:public_id>/end/", login_required(routines.end_routine), name="end_routine"
    ),
    path("routines/runs/<slug:public_id>/", login_required(routines.run_page), name="routine_run"),
    path("routines/proofs/<slug:public_id>/", login_required(routines.proof_file), name="proof"),
    path("alerts/", login_required(alerts.alert_list), name="alerts"),
    path(
        "alerts/new/<slug:contract>/",
        login_required(fresh_sign_in(alerts.new_source)),
        name="new_alert_source",
    ),
    path(
        "alerts/sources/<slug:public_id>/",
        login_required(alerts.source_page),
        name="alert_source",
    ),
    path(
        "alerts/sources/<slug:public_id>/secret/",
        login_required(fresh_sign_in(alerts.rotate)),
        name="rotate_alert_secret",
    ),
    path(
        "alerts/sources/<slug:public_id>/switch/",
        login_required(alerts.switch),
        name="switch_alert_source",
    ),
    path(
        "alerts/windows/new/<slug:contract>/",
        login_required(alerts.new_window),
        name="new_alert_window",
    ),
    path(
        "alerts/windows/<slug:public_id>/cancel/",
        login_required(alerts.cancel_window),
        name="cancel_alert_window",
    ),
    path("mail/", login_required(letters.letter_list), name="letters"),
    path("mail/<slug:public_id>/", login_required(letters.letter_page), name="letter"),
    path("mail/<slug:public_id>/put/", login_required(letters.put_on_ticket), name="put_letter"),
    path("mail/<slug:public_id>/discard/", login_required(letters.discard), name="discard_letter"),
    path(
        "mailboxes/new/<slug:code>/",
        login_required(fresh_sign_in(letters.new_mailbox)),
        name="new_mailbox",
    ),
    path(
        "mailboxes/<slug:public_id>/",
        login_required(fresh_sign_in(letters.change_mailbox)),
        name="change_mailbox",
    ),
    path(
        "mailboxes/<slug:public_id>/switch/",
        login_required(letters.switch_mailbox),
        name="switch_mailbox",
    ),
    path("on-call/", login_required(oncall.oncall_list), name="oncall"),
    path(
        "on-call/write/<slug:code>/<slug:tier>/",
        login_required(fresh_sign_in(oncall.write_roster)),
        name="write_roster",
    ),
    path("on-call/absences/", login_required(oncall.absence), name="note_absence"),
    path(
        "on-call/absences/<slug:public_id>/remove/",
        login_required(oncall.remove_absence),
        name="remove_absence",
    ),
    path(
        "on-call/swaps/<slug:public_id>/remove/",
        login_required(oncall.remove_swap),
        name="remove_swap",
    ),
    path("on-call/rosters/<slug:public_id>/swap/", login_required(oncall.swap), name="swap_turn"),
    path("<ticket_key:key>/have-it/", login_required(oncall.take_page), name="take_page"),
    path(
        "in-force/<slug:contract>/<int:number>/",
        login_required(fresh_sign_in(activation.activate)),
        name="activate",
    ),
    path("replays/new/<slug:contract>/", login_required(replays.new_replay), name="new_replay"),
    path("replays/<slug:public_id>/", login_required(replays.replay_page), name="replay"),
    path("import/", login_required(bulk.import_list), name="imports"),
    path("import/new/<slug:contract>/", login_required(bulk.new_import), name="new_import"),
    path("import/<slug:public_id>/", login_required(bulk.import_page), name="import"),
    path("import/<slug:public_id>/columns/", login_required(bulk.map_columns), name="map_import"),
    path("import/<slug:public_id>/confirm/", login_required(bulk.confirm), name="confirm_import"),
    path("import/<slug:public_id>/report/", login_required(bulk.report), name="import_report"),
    path("estimates/", login_required(exports.estimate_list), name="estimates"),
    path("unaccounted/", login_required(unaccounted.unaccounted_time), name="unaccounted"),
    path("time/<slug:contract>/", login_required(exports.time_of_month), name="time_of_month"),
    path("flow/<slug:public_id>/", login_required(flow.contract_flow), name="flow"),
    path("<ticket_key:key>/", login_required(page.ticket_page), name="page"),
    path("<ticket_key:key>/now/", login_required(live.ticket_now), name="now"),
    path("timer/", login_required(timers.timer_shown), name="timer"),
    path("timer/stop/", login_required(timers.timer_stop), name="timer_stop"),
    path("<ticket_key:key>/timer/", login_required(timers.timer_start), name="timer_start"),
    path(
        "<ticket_key:key>/time/<int:number>/correct/",
        login_required(time.correct),
        name="correct_time",
    ),
    path("<ticket_key:key>/history/", login_required(history.history_page), name="history"),
    path("<ticket_key:key>/watch/", login_required(watch.watch), name="watch"),
    path("links/<slug:public_id>/remove/", login_required(watch.unlink), name="unlink"),
    path("attachments/<slug:public_id>/", login_required(files.attachment), name="attachment"),
    path("comments/<slug:public_id>/translate/", login_required(words.translate), name="translate"),
    path("glossary/", login_required(words.glossaries), name="glossaries"),
    path("glossary/<slug:code>/", login_required(words.glossary), name="glossary"),
    path("glossary/term/<slug:public_id>/", login_required(words.term), name="term"),
    path(
        "glossary/term/<slug:public_id>/remove/",
        login_required(words.remove_term),
        name="remove_term",
    ),
    path("<ticket_key:key>/path/", login_required(flow.ticket_path), name="path"),
    *(
        path(f"<ticket_key:key>/{move.slug}/", step(move, steps.step_of(move)), name=move.route)
        for move in steps.MOVES
    ),
    *(
        path(
            f"handoffs/<slug:public_id>/{move.slug}/",
            login_required(steps.answer_of(move)),
            name=move.route,
        )
        for move in steps.ANSWERS
    ),
    *(
        path(
            f"disputes/<slug:public_id>/{move.slug}/",
            step(move, steps.ruling_of(move)),
            name=move.route,
        )
        for move in steps.RULINGS
    ),
    path("orders/<slug:public_id>/", login_required(estimates.order_file), name="order_file"),
    path("<ticket_key:key>/estimate/", login_required(estimate_form.draft), name="draft_estimate"),
    path("estimates/<slug:public_id>/", login_required(estimates.estimate_page), name="estimate"),
    path(
        "estimates/<slug:public_id>/edit/",
        login_required(estimate_form.edit),
        name="estimate_edit",
    ),
    path(
        "estimates/<slug:public_id>/order-file/",
        login_required(estimates.attach_order),
        name="estimate_attach_order",
    ),
    *(
        path(
            f"estimates/<slug:public_id>/{move.slug}/",
            step(move, estimates.estimate_step(move)),
            name=move.route,
        )
        for move in estimates.ESTIMATE_MOVES
    ),
]
