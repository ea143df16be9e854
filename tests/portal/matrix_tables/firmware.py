"""The library of firmware, a charger's firmware, and the one-time addresses."""

from tests.portal.matrix_tables.line import ANYBODY, COMMANDERS, EDITORS, EVERY, Url, desk

# The token of an address that `matrix_objects` opens.
FILE_TOKEN = "f" * 43

FIRMWARE = [
    Url("firmware_files", get=EVERY),
    Url("firmware_new", get=EDITORS, post=EDITORS),
    desk("firmware_file", of="firmware"),
    Url("firmware_archive", of="firmware", get=EDITORS, post=EDITORS),
    Url("firmware_restore", of="firmware", post=EDITORS),
    Url("action", of="charge_point", more={"kind": "firmware"}, get=COMMANDERS, post=COMMANDERS),
    desk("charge_point_files"),
    Url("file", more={"token": FILE_TOKEN, "name": "firmware.bin"}, get=ANYBODY),
]
