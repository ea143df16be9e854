"""Installer jobs: the desk, and the page behind a link, which everybody with the link gets alike."""

from tests.portal.matrix_tables.line import ANYBODY, EDITORS, EVERY, NOT_BOB, UNSEEN_BY_BOB, WALKERS, Url, desk

# Tokens that `matrix_objects` puts into links of jobs, and the photo of the first.
JOB_TOKEN, DONE_TOKEN = "a-job-of-the-matrix", "a-completed-job-of-the-matrix"
JOB_PHOTO = "6f2f1c7e-6f0e-4c43-9d0c-3d5b3c0a7f11"
_LINK = {"token": JOB_TOKEN}
_PHOTO = {"token": JOB_TOKEN, "pk": JOB_PHOTO}

JOBS = [
    Url("jobs", get=EVERY),
    Url("job_new", get=EDITORS, post=EDITORS),
    Url("job", of="job", get=EVERY),
    Url("job_edit", of="job", get=EDITORS, post=EDITORS),
    Url("job_finish", of="job", get=EDITORS, post=EDITORS),
    Url("job_activate", of="job", get=EDITORS, post=EDITORS),
    Url("job_archive", of="job", get=EDITORS, post=EDITORS),
    Url("job_link_new", of="job", get=EDITORS, post=EDITORS),
    Url("job_link_renew", of="job_link", get=EDITORS, post=EDITORS),
    Url("job_link_revoke", of="job_link", get=EDITORS, post=EDITORS),
    Url("job_note", of="job_row", get=EDITORS, post=EDITORS),
    Url("job_tests", of="job", post=EDITORS),
    Url("job_row_test", of="job_row", post=EDITORS),
    Url("job_step_again", of="job_step", post=EDITORS),
    Url("job_step_skip", of="job_step", get=EDITORS, post=EDITORS),
    Url("job_report", of="job", get=EVERY),
    Url("job_report_pdf", of="job", get=EVERY),
    Url("desk_photo", of="job_photo", get=EVERY),
    Url("desk_photo_print", of="job_photo", get=EVERY),
    Url("desk_photo_small", of="job_photo", get=EVERY),
    desk("charge_point_jobs"),
    Url("job_templates", get=EVERY),
    Url("job_template_new", get=EDITORS, post=EDITORS, but=NOT_BOB),
    Url("job_template_edit", of="job_template", get=EDITORS, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("job_template_archive", of="job_template", get=EDITORS, post=EDITORS, but=UNSEEN_BY_BOB),
    Url("job_page", more=_LINK, get=ANYBODY),
    Url("job_pin", more=_LINK, get=ANYBODY, post=ANYBODY),
    Url("job_state", more=_LINK, get=ANYBODY),
    Url("job_edits", more=_LINK, post=ANYBODY),
    Url("job_complete", more=_LINK, get=ANYBODY, post=ANYBODY),
    Url("job_photos", more=_LINK, post=ANYBODY),
    Url("job_test", more={**_LINK, "row": 0}, post=ANYBODY, but=dict.fromkeys(WALKERS, "404")),
    # No row has the number 0: what a good link does is asked by the tests of the page.
    Url("job_action", more={**_LINK, "row": 0, "kind": "reboot"}, post=ANYBODY, but=dict.fromkeys(WALKERS, "404")),
    Url("job_photo", more=_PHOTO, get=ANYBODY),
    Url("job_photo_small", more=_PHOTO, get=ANYBODY),
    Url("job_worker", more=_LINK, get=ANYBODY),
    Url("job_manifest", more=_LINK, get=ANYBODY),
    Url("job_public_report", more={"token": DONE_TOKEN}, get=ANYBODY),
    Url(
        "job_gone",
        more={"token": JOB_TOKEN, "rest": "no/such"},
        get=ANYBODY,
        post=ANYBODY,
        but=dict.fromkeys(WALKERS, "404"),
    ),
]
