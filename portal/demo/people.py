"""Who lives in the demo: a vendor team that looks after three clients, and the clients' people."""

from dataclasses import dataclass

PASSWORD = "try-the-portal-2026"  # noqa: S105 - printed by `make demo`, for the local demo only
VENDOR_DOMAIN = "vendor.example"


@dataclass(frozen=True, slots=True)
class Client:
    code: str
    name: str
    language: str
    timezone: str
    contract: str
    title: str
    file: str


CLIENTS = (
    Client(
        "HOSHINO", "星野リテール株式会社", "ja", "Asia/Tokyo", "HR-2026-01",
        "EC・POS 運用保守契約 / EC and POS operation and maintenance", "hoshino",
    ),
    Client(
        "MINATO", "港ロジスティクス株式会社", "ja", "Asia/Tokyo", "ML-2026-07",
        "倉庫管理システム運用保守契約 / Warehouse systems", "minato",
    ),
    Client(
        "LOTUS", "Lotus Foods Vietnam", "vi", "Asia/Ho_Chi_Minh", "LF-2026-03",
        "Vận hành và bảo trì ERP / ERP operation and maintenance", "lotus",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    role: str
    language: str
    timezone: str
    clients: tuple[str, ...]
    duty_order: int = 1


ALL = tuple(client.code for client in CLIENTS)
TOKYO, HANOI = "Asia/Tokyo", "Asia/Ho_Chi_Minh"
PEOPLE = (
    Person(f"bridge@{VENDOR_DOMAIN}", "Nguyễn Thị Mai", "bridge_se", "en", TOKYO, ALL),
    Person(f"manager@{VENDOR_DOMAIN}", "佐藤 健一", "account_manager", "ja", TOKYO, ALL),
    Person(f"desk@{VENDOR_DOMAIN}", "Trần Văn Hùng", "service_desk", "vi", HANOI, ALL),
    Person(f"ops@{VENDOR_DOMAIN}", "Lê Minh Đức", "operations_engineer", "vi", HANOI, ALL),
    Person(f"dev@{VENDOR_DOMAIN}", "Phạm Thu Hà", "maintenance_engineer", "vi", HANOI, ALL),
    Person("owner@hoshino.example", "星野 直子", "service_owner", "ja", TOKYO, ("HOSHINO",)),
    Person("staff@hoshino.example", "山田 太郎", "requester", "ja", TOKYO, ("HOSHINO",)),
    Person("owner@minato.example", "港 浩二", "service_owner", "ja", TOKYO, ("MINATO",)),
    Person("staff@minato.example", "鈴木 花子", "requester", "ja", TOKYO, ("MINATO",)),
    Person("owner@lotus.example", "Võ Quang Huy", "service_owner", "vi", HANOI, ("LOTUS",)),
    Person("staff@lotus.example", "Đặng Thùy Linh", "requester", "vi", HANOI, ("LOTUS",)),
)
