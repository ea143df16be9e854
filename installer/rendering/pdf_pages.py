"""Paper: fonts, paragraph styles, and pages that know how many they are."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

TEXT, BOLD = "HubSans", "HubSans-Bold"
INK, SOFT, LINE, GREY = HexColor("#10151a"), HexColor("#46515c"), HexColor("#c3cad1"), HexColor("#f1f3f5")
MARGIN = 16 * mm
WIDTH = A4[0] - 2 * MARGIN
_FOOT = 9 * mm
# Streams as they are: as text they are a quarter larger, and no mail needs that any more.
rl_config.useA85 = 0


@cache
def styles() -> dict[str, ParagraphStyle]:
    """The styles by name; the fonts are known from then on."""
    folder = Path(settings.BASE_DIR) / "static" / "ui" / "fonts"
    pdfmetrics.registerFont(TTFont(TEXT, str(folder / "dejavu-sans-condensed.ttf")))
    pdfmetrics.registerFont(TTFont(BOLD, str(folder / "dejavu-sans-condensed-bold.ttf")))
    pdfmetrics.registerFontFamily(TEXT, normal=TEXT, bold=BOLD, italic=TEXT, boldItalic=BOLD)
    text = ParagraphStyle("text", fontName=TEXT, fontSize=9.5, leading=13, textColor=INK, wordWrap="LTR")
    return {
        "text": text,
        "soft": ParagraphStyle("soft", text, fontSize=8.5, leading=11.5, textColor=SOFT),
        "cell": ParagraphStyle("cell", text, fontSize=8.5, leading=11),
        "head": ParagraphStyle("head", text, fontName=BOLD, fontSize=8, leading=10, textColor=SOFT),
        "title": ParagraphStyle("title", text, fontName=BOLD, fontSize=19, leading=24),
        "h2": ParagraphStyle("h2", text, fontName=BOLD, fontSize=13, leading=17, spaceBefore=12, spaceAfter=4),
        "h3": ParagraphStyle("h3", text, fontName=BOLD, fontSize=10, leading=13, spaceBefore=8, spaceAfter=3),
    }


def numbered(foot: str) -> Callable[..., Canvas]:
    """What makes canvases that write `foot` and `page 2 of 5` below each page."""

    class Numbered(Canvas):
        """Pages are kept until the last one is known."""

        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - the library's name
            """Keep the page."""
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            """Write all pages, each with its foot."""
            for number, page in enumerate(self._kept, 1):
                self.__dict__.update(page)
                self._foot(number)
                super().showPage()
            super().save()

        def _foot(self, number: int) -> None:
            self.setStrokeColor(LINE)
            self.setLineWidth(0.5)
            self.line(MARGIN, _FOOT + 4 * mm, A4[0] - MARGIN, _FOOT + 4 * mm)
            self.setFont(TEXT, 7)
            self.setFillColor(SOFT)
            self.drawString(MARGIN, _FOOT, foot)
            self.drawRightString(A4[0] - MARGIN, _FOOT, f"page {number} of {len(self._kept)}")

    return Numbered
