"""What Backlog, Redmine and Jira call things in their exports, in English and Japanese."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Kind(StrEnum):
    TICKETS = "tickets"
    TIME = "time"


FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.TICKETS: (
        *("source_key", "title", "received_at", "description", "type", "status", "priority"),
        *("closed_at", "requester", "system", "environment", "resolution"),
    ),
    Kind.TIME: ("ticket", "person", "starts_at", "ends_at", "hours", "note", "source_key"),
}
REQUIRED: dict[Kind, tuple[tuple[str, ...], ...]] = {  # one of each group
    Kind.TICKETS: (("source_key",), ("title",), ("received_at",)),
    Kind.TIME: (("ticket",), ("person",), ("starts_at",), ("hours", "ends_at")),
}
PRESETS: dict[str, dict[Kind, dict[str, tuple[str, ...]]]] = {
    "csv": {
        Kind.TICKETS: {
            "source_key": ("key", "id"),
            "title": ("title", "subject"),
            "description": ("description",),
            "type": ("type",),
            "status": ("status",),
            "priority": ("priority",),
            "received_at": ("received", "received at", "created"),
            "closed_at": ("closed", "closed at"),
            "requester": ("requester", "requester e-mail"),
            "system": ("system",),
            "environment": ("environment",),
            "resolution": ("resolution",),
        },
        Kind.TIME: {
            "ticket": ("ticket",),
            "person": ("person", "e-mail", "email"),
            "starts_at": ("start", "starts at", "from", "date"),
            "ends_at": ("end", "ends at", "to"),
            "hours": ("hours",),
            "note": ("note",),
            "source_key": ("id",),
        },
    },
    "backlog": {
        Kind.TICKETS: {
            "source_key": ("キー", "課題キー", "Key", "Issue key"),
            "title": ("件名", "Subject"),
            "description": ("詳細", "Description"),
            "type": ("種別", "Issue Type"),
            "status": ("状態", "Status"),
            "priority": ("優先度", "Priority"),
            "received_at": ("登録日", "登録日時", "Created", "Registered Date"),
            "closed_at": ("完了日", "更新日", "Updated"),
            "system": ("カテゴリー", "カテゴリ名", "Category Name", "Category"),
            "resolution": ("完了理由", "Resolution"),
        },
        Kind.TIME: {
            "ticket": ("キー", "課題キー", "Key", "Issue key"),
            "person": ("メールアドレス", "担当者", "E-mail", "Assignee"),
            "starts_at": ("作業日", "開始日", "Date", "Start Date"),
            "hours": ("実績時間", "Actual Hours"),
            "note": ("件名", "Subject"),
        },
    },
    "redmine": {
        Kind.TICKETS: {
            "source_key": ("#", "番号", "Id"),
            "title": ("Subject", "題名"),
            "description": ("Description", "説明"),
            "type": ("Tracker", "トラッカー"),
            "status": ("Status", "ステータス"),
            "priority": ("Priority", "優先度"),
            "received_at": ("Created", "作成日"),
            "closed_at": ("Closed", "終了日"),
            "system": ("Category", "カテゴリ"),
        },
        Kind.TIME: {
            "ticket": ("Issue", "チケット", "#"),
            "person": ("E-mail", "Email", "メールアドレス", "User", "ユーザー"),
            "starts_at": ("Date", "日付"),
            "hours": ("Hours", "時間"),
            "note": ("Comment", "コメント"),
        },
    },
    "jira": {
        Kind.TICKETS: {
            "source_key": ("Issue key", "Key", "課題キー"),
            "title": ("Summary", "要約"),
            "description": ("Description", "説明"),
            "type": ("Issue Type", "課題タイプ"),
            "status": ("Status", "ステータス"),
            "priority": ("Priority", "優先度"),
            "received_at": ("Created", "作成日"),
            "closed_at": ("Resolved", "解決日"),
            "requester": ("Reporter email", "Reporter Email"),
            "system": ("Component/s", "Components", "コンポーネント"),
            "resolution": ("Resolution", "解決状況"),
        },
        Kind.TIME: {
            "ticket": ("Issue key", "Issue Key", "課題キー"),
            "person": ("Author email", "E-mail", "Email"),
            "starts_at": ("Started", "Start Date", "Work date"),
            "hours": ("Hours", "Time Spent (h)"),
            "note": ("Comment", "Worklog Description"),
            "source_key": ("Worklog ID",),
        },
    },
}


def words(**codes: str) -> dict[str, str]:
    """Return each word of a list divided by `|`, in lower case, with its code."""
    return {word.casefold(): code for code, each in codes.items() for word in each.split("|")}


TYPES = words(
    incident="incident|bug|バグ|不具合|障害|インシデント|defect",
    service_request="service_request|service request|support|サポート|問い合わせ|問合せ|質問|task|タスク"
    "|request|依頼|その他|other|sub-task|question",
    change_request="change_request|change request|feature|機能|要望|改善|story|improvement|new feature"
    "|epic|ストーリー|変更要求|変更依頼",
    problem="problem|問題",
)
STATUSES = words(
    new="new|open|to do|未対応|新規|backlog",
    in_progress="in progress|in_progress|処理中|進行中|feedback|フィードバック|on hold|reopened",
    resolved="resolved|処理済み|解決|解決済み",
    closed="closed|done|完了|終了|complete|completed",
    cancelled="cancelled|canceled|rejected|却下|won't do|取消|キャンセル",
)
PRIORITIES = words(
    P1="p1|highest|critical|immediate|今すぐ|緊急|blocker|最高",
    P2="p2|high|urgent|急いで|高|高め|major",
    P3="p3|medium|normal|中|通常",
    P4="p4|low|lowest|低|低め|minor|trivial|最低",
)


def mapping_for(heads: Sequence[str], preset: str, kind: str) -> dict[str, str]:
    """Return the heading of each field as the preset knows it; without one, as any does."""
    known = {head.casefold(): head for head in heads if head}
    presets = [PRESETS[preset]] if preset in PRESETS else PRESETS.values()
    found: dict[str, str] = {}
    for each in presets:
        for field, names in each[Kind(kind)].items():
            head = next((known[name.casefold()] for name in names if name.casefold() in known), "")
            if head and head not in found.values():
                found.setdefault(field, head)
    return found


def missing_fields(mapping: Mapping[str, str], kind: str) -> list[str]:
    """Return the required fields that no heading stands for; of alternatives the first."""
    return [group[0] for group in REQUIRED[Kind(kind)] if not any(mapping.get(f) for f in group)]
