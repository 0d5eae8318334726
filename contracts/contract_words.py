"""
The vocabulary of contracts in the three languages, as short as a chart or a console line wants it.

Plain data, so that a chart or a file can be written in another language than the reader's page.
"""

from contracts.domain.terms import text_in

LANGUAGES = ("en", "ja", "vi")

_WORDS: dict[str, tuple[str, str, str]] = {
    # activities
    "service_desk": ("service desk", "サービスデスク", "bàn dịch vụ"),
    "monitoring": ("monitoring", "監視", "giám sát"),
    "incident_response": ("incident response", "障害対応", "xử lý sự cố"),
    "routine_task": ("routine task", "定例作業", "công việc định kỳ"),
    "security_operation": ("security operation", "セキュリティ運用", "vận hành bảo mật"),
    "corrective": ("corrective", "是正保守", "bảo trì sửa lỗi"),
    "preventive": ("preventive", "予防保守", "bảo trì phòng ngừa"),
    "adaptive": ("adaptive", "適応保守", "bảo trì thích nghi"),
    "perfective": ("perfective", "完全化保守", "bảo trì hoàn thiện"),
    # outcomes
    "included": ("In the monthly fee", "月額に含む", "Trong phí hằng tháng"),
    "pool": ("Hour pool", "時間枠から充当", "Trừ vào quỹ giờ"),
    "preapproved": ("Preapproved, up to a cap", "上限まで事前承認", "Duyệt trước đến mức trần"),
    "estimate": ("Separate estimate", "個別見積", "Báo giá riêng"),
    "not_provided": ("Not provided", "提供対象外", "Không cung cấp"),
    "undecided": ("Account manager rules", "担当責任者が裁定", "Quản lý khách hàng quyết định"),
    # causes and environments
    "delivered_software": ("software we delivered", "当社納品物", "phần mềm đã bàn giao"),
    "client_change": ("a change by the client", "お客様による変更", "thay đổi của khách hàng"),
    "third_party": ("a third party", "第三者", "bên thứ ba"),
    "infrastructure": ("infrastructure", "基盤", "hạ tầng"),
    "regulation": ("law or regulation", "法令", "luật hoặc quy định"),
    "production": ("production", "本番", "production"),
    "staging": ("staging", "ステージング", "staging"),
    "development": ("development", "開発", "development"),
    "test": ("test", "テスト", "test"),
    # conditions
    "in_hours": ("in service hours", "サービス時間内", "trong giờ dịch vụ"),
    "out_of_hours": ("outside service hours", "サービス時間外", "ngoài giờ dịch vụ"),
    "warranty": ("within the warranty", "保証期間内", "trong thời hạn bảo hành"),
    "no_warranty": ("after the warranty", "保証期間後", "sau thời hạn bảo hành"),
    "cause": ("cause: {}", "原因:{}", "nguyên nhân: {}"),
    "at_most": ("at most {}", "{}以内", "tối đa {}"),
    "above": ("above {}", "{}超", "trên {}"),
    "between": ("above {}, at most {}", "{}超 {}以内", "trên {}, tối đa {}"),
    "a_month": ("{} a month", "月{}件まで", "{} mỗi tháng"),
    "minutes_a_month": ("{} a month", "月{}まで", "{} mỗi tháng"),
    "any_case": ("any case", "すべての場合", "mọi trường hợp"),
    "hours": ("{} h", "{}時間", "{} giờ"),
    "minutes": ("{} min", "{}分", "{} phút"),
    "or": (" or ", "・", " hoặc "),
    "list": (", ", "、", ", "),
    # the chart
    "flowchart": ("What falls under which clause", "契約範囲のフローチャート", "Phạm vi hợp đồng"),
    "yes": ("Yes", "はい", "Có"),
    "no": ("No", "いいえ", "Không"),
    "otherwise": ("Otherwise", "いずれでもない", "Trường hợp khác"),
    "none_of_these": ("None of these", "どれにも当てはまらない", "Không thuộc loại nào"),
    "given": (
        "Known from the start (alert, routine, finding)",
        "最初から判明(アラート・定例・検知)",
        "Biết từ đầu (cảnh báo, định kỳ, phát hiện)",
    ),
    "questions": ("Questions", "質問", "Câu hỏi"),
    "clauses": ("Clauses, in order", "条項(順に適用)", "Điều khoản, theo thứ tự"),
    "outcomes": ("Outcome", "取扱い", "Kết quả"),
    "this_path": ("The path taken: {}", "今回の判定経路:{}", "Đường đi của yêu cầu: {}"),
    "asks": ("waits for an answer", "回答待ち", "chờ câu trả lời"),
    "tickets": ("Numbers are tickets", "数字は件数", "Số là số phiếu"),
}


def word(code: str, language: str) -> str:
    """Return the word for a code; a code without one (a client's own name) as it is written."""
    texts = _WORDS.get(code)
    return text_in(dict(zip(LANGUAGES, texts, strict=True)), language) if texts else code


def phrase(code: str, language: str, *values: object) -> str:
    """Return a phrase with its values put in."""
    return word(code, language).format(*values)


def duration(minutes: int, language: str) -> str:
    """Return minutes in words: hours where they are whole."""
    if minutes and minutes % 60 == 0:
        return phrase("hours", language, minutes // 60)
    return phrase("minutes", language, minutes)
