"""The codes of tickets with their names in the reader's language; stored as lowercase text."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TicketType(models.TextChoices):
    INCIDENT = "incident", _("Incident")
    SERVICE_REQUEST = "service_request", _("Service request")
    CHANGE_REQUEST = "change_request", _("Change request")
    PROBLEM = "problem", _("Problem")


class Status(models.TextChoices):
    NEW = "new", _("New")
    IN_PROGRESS = "in_progress", _("In progress")
    ON_HOLD = "on_hold", _("On hold")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class Priority(models.TextChoices):
    P1 = "P1", _("P1 Critical")
    P2 = "P2", _("P2 High")
    P3 = "P3", _("P3 Moderate")
    P4 = "P4", _("P4 Low")


class Level(models.IntegerChoices):
    """Impact and urgency; 1 is the highest."""

    HIGH = 1, _("High")
    MEDIUM = 2, _("Medium")
    LOW = 3, _("Low")


class Channel(models.TextChoices):
    FORM = "form", _("Form")
    API = "api", _("API")
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    ALERT = "alert", _("Alert")
    IMPORT = "import", _("Imported")


class WorkStream(models.TextChoices):
    OPERATION = "operation", _("Operation")
    MAINTENANCE = "maintenance", _("Maintenance")


class Activity(models.TextChoices):
    SERVICE_DESK = "service_desk", _("Service desk")
    MONITORING = "monitoring", _("Monitoring")
    INCIDENT_RESPONSE = "incident_response", _("Incident response")
    ROUTINE_TASK = "routine_task", _("Routine task")
    SECURITY_OPERATION = "security_operation", _("Security operation")
    CORRECTIVE = "corrective", _("Corrective maintenance")
    PREVENTIVE = "preventive", _("Preventive maintenance")
    ADAPTIVE = "adaptive", _("Adaptive maintenance")
    PERFECTIVE = "perfective", _("Perfective maintenance")


class Outcome(models.TextChoices):
    INCLUDED = "included", _("In the monthly fee")
    POOL = "pool", _("Draws on the hour pool")
    PREAPPROVED = "preapproved", _("Preapproved up to a cap")
    ESTIMATE = "estimate", _("Needs a separate estimate")
    NOT_PROVIDED = "not_provided", _("Not provided")
    UNDECIDED = "undecided", _("An account manager must rule")


OUT_OF_SCOPE = (Outcome.ESTIMATE, Outcome.NOT_PROVIDED)


class ObligationKind(models.TextChoices):
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    RESTORE = "restore", _("Restore service")
    RESOLVE = "resolve", _("Resolve")
    UPDATE = "update", _("Update the client")
    PERMANENT_FIX = "permanent_fix", _("Permanent fix")
    INCIDENT_REPORT = "incident_report", _("Incident report")
    ESTIMATE = "estimate", _("Send the estimate")
    HANDOFF = "handoff", _("Answer the handoff")
    RULING = "ruling", _("Rule on the verdict")
    CLIENT_DECISION = "client_decision", _("Client's decision")


class ClockState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    MISSED = "missed", _("Missed")
    VOID = "void", _("Void")


class PauseCause(models.TextChoices):
    CLIENT_INFORMATION = "client_information", _("Waiting for information from the client")
    CLIENT_APPROVAL = "client_approval", _("Waiting for the client's approval")
    CLIENT_ACCESS = "client_access", _("Waiting for access from the client")
    AGREED_WINDOW = "agreed_window", _("Waiting for the agreed window")


class HandoffState(models.TextChoices):
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    DISPUTED = "disputed", _("Disputed")
    DEFAULTED = "defaulted", _("Given to the default owner")


class Lane(models.TextChoices):
    PUBLIC = "public", _("Public")
    INTERNAL = "internal", _("Internal")
    HANDOFF = "handoff", _("Handoff")


class AuthorityKind(models.TextChoices):
    """What stands behind a minute of work (design.md section 7)."""

    INCLUDED = "included", _("Monthly fee")
    POOL = "pool", _("Hour pool")
    PREAPPROVED = "preapproved", _("Preapproved")
    ESTIMATE = "estimate", _("Accepted estimate")
    EMERGENCY = "emergency", _("Emergency")
    GOODWILL = "goodwill", _("Goodwill")
    HELD = "held", _("Held")


class EstimateStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Waits for approval")
    APPROVED = "approved", _("Approved, not sent yet")
    SENT = "sent", _("Waits for the client")
    ACCEPTED = "accepted", pgettext_lazy("estimate", "Accepted")
    DECLINED = "declined", _("Declined")
    DELIVERED = "delivered", _("Delivered")
    DELIVERY_ACCEPTED = "delivery_accepted", _("Delivery accepted")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", pgettext_lazy("estimate", "Cancelled")
    SUPERSEDED = "superseded", _("Superseded")


class Pricing(models.TextChoices):
    FIXED = "fixed", _("Fixed price")
    TIME_AND_MATERIAL = "time_and_material", _("Time and material")
