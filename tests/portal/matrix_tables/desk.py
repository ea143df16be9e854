"""The overview, charge points, their actions, and the audit log."""

from tests.portal.matrix_tables.line import ADMINS, COMMANDERS, EDITORS, EVERY, REBOOTERS, Roles, Url, desk


def act(kind: str, roles: Roles) -> Url:
    """A remote action's dialog."""
    return Url("action", of="charge_point", more={"kind": kind}, get=roles, post=roles)


DESK = [
    desk("overview", of=""),
    desk("overview_panel", of="", panel="kpis"),
    desk("overview_panel", of="", panel="attention"),
    desk("charge_point"),
    *(desk("panel", panel=panel) for panel in ("head", "connectors", "actions", "commands", "power")),
    desk("charge_point_status_log"),
    desk("charge_point_integration"),
    desk("charge_point_calls"),
    desk("charge_point_configuration"),
    desk("charge_point_findings"),
    act("reboot", REBOOTERS),
    act("trigger", REBOOTERS),
    act("check", REBOOTERS),
    act("read_configuration", REBOOTERS),
    act("start", COMMANDERS),
    act("stop", COMMANDERS),
    act("unlock", COMMANDERS),
    act("availability", COMMANDERS),
    act("clear_cache", COMMANDERS),
    act("configure", COMMANDERS),
    act("extended_trigger", COMMANDERS),
    act("rotate_password", COMMANDERS),
    act("local_list_version", REBOOTERS),
    act("composite_schedule", REBOOTERS),
    *(act(kind, COMMANDERS) for kind in ("reserve", "cancel_reservation", "set_profile", "clear_profile")),
    *(act(kind, COMMANDERS) for kind in ("data_transfer", "call")),
    *(act(kind, COMMANDERS) for kind in ("install_certificate", "certificate_ids", "delete_certificate")),
    desk("keys", get=COMMANDERS),
    desk("start_choice", get=COMMANDERS),
    desk("command", of="command"),
    desk("check", of="check"),
    desk("log_rows"),
    desk("log_line", of="log_line"),
    desk("log_line_raw", of="log_line"),
    desk("audit", of="", get=ADMINS),
    desk("audit_export", of="", get=ADMINS, form="csv"),
    desk("audit_export", of="", get=ADMINS, form="jsonl"),
    Url("charge_point_new", get=EDITORS, post=EDITORS),
    Url("charge_point_settings", of="charge_point", get=EVERY, post=EDITORS),
    Url("charge_point_identity", of="charge_point", get=EDITORS, post=EDITORS),
    Url("charge_point_password", of="charge_point", get=EDITORS, post=EDITORS),
    Url("charge_point_activation", of="charge_point", get=EDITORS, post=EDITORS),
    Url("charge_point_archive", of="charge_point", get=EDITORS, post=EDITORS),
    Url("charge_points_archived", get=EVERY),
    Url("charge_point_restore", of="archived", post=EDITORS),
    Url("charge_point_maintenance", of="charge_point", post=EDITORS),
    Url("charge_point_maintenance_end", of="maintenance", post=EDITORS),
    Url("charge_point_maintenance_clear", of="charge_point", post=EDITORS),
    Url("change_site", of="charge_point", get=EDITORS, post=EDITORS),
]
