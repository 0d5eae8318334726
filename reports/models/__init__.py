from reports.models.document import ReportDocument
from reports.models.life import ReportRemark, ReportSignature
from reports.models.report import MonthlyReport

__all__ = ["MonthlyReport", "ReportDocument", "ReportRemark", "ReportSignature"]
