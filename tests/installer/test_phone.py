"""What keeps the public page on the phone: its worker, its manifest, and how little there is to load."""

import gzip
import json
import re
import struct
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from chargepoints.models import ChargePoint, Site
from hub.audit.records import HUB
from installer.services.jobs import job_complete
from installer.services.links import link_revoke
from installer.views.public.phone import SHELL, shell_version
from tests.installer.scene import Scene, scene

STATIC = Path(settings.BASE_DIR) / "static"
KILOBYTE = 1024


def weight(*names: str) -> int:
    """Bytes of these static files, compressed as they are sent."""
    return sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)


def test_style_and_scripts_are_light(job: Scene) -> None:
    """What a page loads; the scanner comes at its first touch, the worker when all else is done."""
    html = job.page()
    loaded = {name.removeprefix("/static/") for name in re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', html)}
    assert loaded == {"ui/installer.css", "ui/installer/outbox.js", "ui/installer/page.js"}
    assert weight(*loaded) <= 10 * KILOBYTE
    worker = job.client.get(f"{job.base}sw.js").content
    assert weight("ui/installer/scan.js") + len(gzip.compress(worker)) <= 3 * KILOBYTE


def test_the_worker_knows_its_link_and_what_the_page_needs(job: Scene) -> None:
    answer = job.client.get(f"{job.base}sw.js")
    text = answer.content.decode()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Service-Worker-Allowed" not in answer.headers
    assert f"BASE = '{job.base}'" in text
    assert shell_version() in text
    html = job.page() + job.client.get(f"{job.base}complete/").content.decode()
    for name in SHELL:
        assert f"'/static/{name}'" in text
        assert f"/static/{name}" in html
    assert "{%" not in text
    assert "{{" not in text


def test_the_manifest_names_the_job_s_number_only(job: Scene) -> None:
    answer = job.client.get(f"{job.base}manifest.webmanifest")
    told = json.loads(answer.content)
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (told["start_url"], told["scope"], told["display"]) == (job.base, job.base, "standalone")
    assert told["name"] == f"Job {job.job.number}"
    assert "Aker Brygge" not in answer.content.decode()
    assert f'<link rel="manifest" href="{job.base}manifest.webmanifest" crossorigin="use-credentials">' in job.page()
    for icon in told["icons"]:
        held = (STATIC / icon["src"].removeprefix("/static/")).read_bytes()
        width, height = struct.unpack(">II", held[16:24])
        assert f"{width}x{height}" == icon["sizes"]
        assert len(held) < 10 * KILOBYTE
    assert any("maskable" in icon["purpose"] for icon in told["icons"])


@pytest.mark.parametrize("name", ["sw.js", "manifest.webmanifest"])
def test_who_gets_them(job: Scene, site: Site, charge_point: ChargePoint, name: str) -> None:
    gone = Client().get("/j/nobody-made-this/")
    locked = scene(site, charge_point, pin="4829")
    assert Client().get(f"{locked.base}{name}").status_code == 401
    assert job.client.post(f"{job.base}{name}").status_code == 405
    assert link_revoke(actor=HUB, link=job.link)
    answer = job.client.get(f"{job.base}{name}")
    assert (answer.status_code, answer.content) == (404, gone.content)


def test_a_completed_job_keeps_nothing_on_the_phone(job: Scene) -> None:
    assert "left.js" not in job.page()
    job_complete(actor=HUB, job=job.job, activate=False)
    html = job.page()
    assert "left.js" in html
    assert "data-left hidden" in html
    assert "data-over" in html
    assert "dock" not in html


def test_the_gone_page_shows_what_was_not_sent(job: Scene) -> None:
    html = Client().get("/j/nobody-made-this/").content.decode()
    assert "outbox.js" in html
    assert "left.js" in html
    assert "data-left hidden" in html
