"""Unknown chargers, and the import of a list."""

from tests.portal.matrix_tables.line import EDITORS, UNSEEN_BY_BOB, Url, desk

# An identity that knocks in vain at the organisation that receives unknown chargers.
STRANGER = {"identity": "NEW-1"}

UNKNOWN = [
    Url("unknown", get=EDITORS),
    Url("unknown_sites", get=EDITORS),
    Url("unknown_accept", of="unknown", data=STRANGER, get=EDITORS, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("unknown_ignore", of="unknown", data=STRANGER, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("unknown_unignore", of="unknown", data=STRANGER, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("unknown_accept_waiting", of="waiting", get=EDITORS, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("unknown_reject", of="waiting", post=EDITORS, but=UNSEEN_BY_BOB),
    desk("unknown_called"),
]
IMPORT = [
    Url("import", get=EDITORS, post=EDITORS),
    Url("import_template", more={"kind": "csv"}, get=EDITORS),
    Url("import_template", more={"kind": "xlsx"}, get=EDITORS),
    Url("import_check", more={"token": "a-list-that-nobody-keeps"}, get=EDITORS, post=EDITORS),
    Url("import_passwords", post=EDITORS),
]
