"""What a person copies into Alertmanager, Zabbix or a program of their own, to post alerts here."""

from tenants import signing

ALERTMANAGER = """\
- name: portal
  webhook_configs:
    - url: {address}
      send_resolved: true
      http_config:
        authorization:
          credentials: {secret}"""
ZABBIX = """\
var request = new HttpRequest();
request.addHeader('Content-Type: application/json');
request.addHeader('Authorization: Bearer {secret}');
request.post('{address}', value);
if (request.getStatus() !== 202) {{ throw 'Status ' + request.getStatus(); }}
return 'OK';"""
JSON = (
    f"{signing.TIMESTAMP}: 1775617200\n"
    f'{signing.SIGNATURE}: sha256=HMAC-SHA-256(secret, "1775617200." + body)\n'
    """
{{"status": "firing", "name": "Disk full", "severity": "critical",
  "labels": {{"host": "db-1"}},
  "started_at": "2026-04-08T12:00:00+09:00"}}"""
)
SAMPLES = {"alertmanager": ALERTMANAGER, "zabbix": ZABBIX, "json": JSON}
ZABBIX_PARAMETERS = (
    ("event_id", "{EVENT.ID}"),
    ("event_value", "{EVENT.VALUE}"),
    ("event_update_status", "{EVENT.UPDATE.STATUS}"),
    ("event_name", "{EVENT.NAME}"),
    ("event_nseverity", "{EVENT.NSEVERITY}"),
    ("event_date", "{EVENT.DATE}"),
    ("event_time", "{EVENT.TIME}"),
    ("event_recovery_date", "{EVENT.RECOVERY.DATE}"),
    ("event_recovery_time", "{EVENT.RECOVERY.TIME}"),
    ("event_tags_json", "{EVENT.TAGSJSON}"),
    ("host_name", "{HOST.NAME}"),
    ("trigger_id", "{TRIGGER.ID}"),
    ("alert_message", "{ALERT.MESSAGE}"),
)


def sample_of(kind: str, address: str, secret: str) -> str:
    """Return what is to be copied; `secret` may be the words that stand for it."""
    text = SAMPLES[kind].format(address=address, secret=secret)
    if kind != "zabbix":
        return text
    return text + "\n\n" + "\n".join(f"{name:<22}{macro}" for name, macro in ZABBIX_PARAMETERS)
