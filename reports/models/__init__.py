from reports.models.document import ReportDocument
from reports.models.incident import IncidentReport
from reports.models.life import ReportRemark, ReportSignature
from reports.models.report import MonthlyReport

__all__ = ["IncidentReport", "MonthlyReport", "ReportDocument", "ReportRemark", "ReportSignature"]
