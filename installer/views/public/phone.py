"""What makes the public page stay on the phone without network: its worker, and its manifest."""

import hashlib
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from installer.views.public.gate import LinkRequest, by_link

# All that the page needs besides itself.
SHELL = (
    "ui/installer.css",
    "ui/installer/outbox.js",
    "ui/installer/page.js",
    "ui/installer/scan.js",
    "ui/installer/scan.css",
    "ui/icons.svg",
    "ui/favicon.svg",
)
ICONS = (("ui/installer/icon-192.png", 192, "any"), ("ui/installer/icon-512.png", 512, "any maskable"))
BLACK = "#0b0f13"


@cache
def shell_version() -> str:
    """Another text when a file of the page has changed: the phone's worker then begins anew."""
    files = b"".join((Path(settings.BASE_DIR) / "static" / name).read_bytes() for name in SHELL)
    return hashlib.blake2b(files, digest_size=6).hexdigest()


@by_link
@require_safe
def job_worker(request: LinkRequest, token: str) -> HttpResponse:
    """The service worker of this link's addresses, and of no others: its place is its scope."""
    context = {"base": reverse("job_page", args=[token]), "files": SHELL, "version": shell_version()}
    return HttpResponse(render_to_string("installer/public/sw.js", context), "text/javascript; charset=utf-8")


@by_link
@require_safe
def job_manifest(request: LinkRequest, token: str) -> HttpResponse:
    """The page as something that can be put on the phone's first screen; it names the job's number only."""
    base = reverse("job_page", args=[token])
    icons = [
        {"src": static(name), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for name, size, purpose in ICONS
    ]
    told = {
        "name": f"Job {request.link.job.number}",
        "short_name": f"Job {request.link.job.number}",
        "start_url": base,
        "scope": base,
        "display": "standalone",
        "background_color": BLACK,
        "theme_color": BLACK,
        "icons": icons,
    }
    return JsonResponse(told, content_type="application/manifest+json")


PHONE: list[URLPattern] = [
    path("j/<str:token>/sw.js", job_worker, name="job_worker"),
    path("j/<str:token>/manifest.webmanifest", job_manifest, name="job_manifest"),
]
