"""The log over HTTP: rows by cursor, the permalink, the raw frames, and the panel on the page."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from chargepoints.choices import Category, Direction
from chargepoints.models import ChargePoint, LinkPeriod, LogLine
from chargepoints.rendering.log import LEGEND, RAW_LIMIT
from tests import factories
from tests.portal.live_tools import SEQ, append, sequences

pytestmark = pytest.mark.django_db

NASTY = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>"


def rows(charge_point: ChargePoint) -> str:
    """The address of the rows."""
    return f"/charge-points/{charge_point.pk}/log/rows/"


def shown(client: Client, charge_point: ChargePoint, **query: str | int) -> list[int]:
    """The sequences that an answer shows, in its order."""
    answer = client.get(rows(charge_point), query)
    assert answer.status_code == 200
    return [int(seq) for seq in SEQ.findall(answer.content.decode())]


def test_newest_200_in_order(alice_client: Client, charge_point: ChargePoint) -> None:
    """The first page is the newest 200, oldest first, and names the cursor after them."""
    append(charge_point, 250)
    every = sequences(charge_point)
    assert shown(alice_client, charge_point) == every[-200:]
    answer = alice_client.get(rows(charge_point))
    assert answer["X-Log-Cursor"] == str(every[-1])
    assert answer["X-Log-More"] == "1"


def test_after_walks_forward_without_a_gap(alice_client: Client, charge_point: ChargePoint) -> None:
    """Each answer's cursor leads to the next; the last one says that there is no more."""
    append(charge_point, 450)
    walked: list[int] = []
    cursor, more = "0", "1"
    while more == "1":
        answer = alice_client.get(rows(charge_point), {"after": cursor})
        cursor, more = answer["X-Log-Cursor"], answer["X-Log-More"]
        walked += [int(seq) for seq in SEQ.findall(answer.content.decode())]
    assert walked == sequences(charge_point)
    assert alice_client.get(rows(charge_point), {"after": cursor})["X-Log-Cursor"] == cursor


def test_before_walks_back(alice_client: Client, charge_point: ChargePoint) -> None:
    """Older pages end right before the cursor."""
    append(charge_point, 250)
    every = sequences(charge_point)
    assert shown(alice_client, charge_point, before=every[50]) == every[:50]
    assert shown(alice_client, charge_point, before=every[0]) == []


def test_at_shows_fifty_around(alice_client: Client, charge_point: ChargePoint) -> None:
    """25 lines up to the one asked for, 25 after it."""
    append(charge_point, 100)
    every = sequences(charge_point)
    assert shown(alice_client, charge_point, at=every[60]) == every[36:86]


def test_category_and_text(alice_client: Client, charge_point: ChargePoint) -> None:
    """Filters look at category, and at the text in every part of the line, the raw frames too."""
    plain = append(charge_point)
    meter = append(charge_point, category=Category.METER, action="MeterValues", request='[2,"a1","MeterValues",{}]')
    assert shown(alice_client, charge_point, category="meter") == meter
    assert shown(alice_client, charge_point, q="a1") == meter
    assert shown(alice_client, charge_point, q="noerror", category="state") == plain
    assert shown(alice_client, charge_point, q="100%_") == []


def test_a_search_does_not_look_back_for_ever(alice_client: Client, charge_point: ChargePoint) -> None:
    """Seven days, and the answer says since when."""
    old = int((datetime.now(UTC) - timedelta(days=8)).timestamp() * 1_000_000)
    LogLine.objects.create(
        charge_point=charge_point, seq=old, at=factories.now(), category=Category.STATE, action="Old"
    )
    append(charge_point)
    answer = alice_client.get(rows(charge_point), {"q": "Old"})
    assert SEQ.findall(answer.content.decode()) == []
    assert datetime.fromisoformat(answer["X-Log-Searched-From"]) > datetime.now(UTC) - timedelta(days=7, minutes=1)
    assert old in shown(alice_client, charge_point)


@pytest.mark.parametrize("query", [{"after": "x"}, {"before": "-1"}, {"at": "9" * 30}, {"after": ""}])
def test_nonsense_is_refused(alice_client: Client, charge_point: ChargePoint, query: dict[str, str]) -> None:
    """A cursor is a whole number that fits."""
    assert alice_client.get(rows(charge_point), query).status_code == 400


def test_everything_of_the_charger_is_text(alice_client: Client, charge_point: ChargePoint) -> None:
    """Markup in any member of a line arrives escaped, in fragments and on the page."""
    append(
        charge_point,
        action=NASTY[:64],
        fact=NASTY,
        text=NASTY,
        message_id=NASTY,
        request=f'[2,"{NASTY}"]',
        answer=NASTY,
    )
    for address in (rows(charge_point), f"/charge-points/{charge_point.pk}/"):
        html = alice_client.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<img" not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_times_are_those_of_the_site(alice_client: Client, charge_point: ChargePoint) -> None:
    """To the millisecond in the site's zone, with the whole ISO time in the title."""
    charge_point.site.time_zone = "Asia/Kathmandu"
    charge_point.site.save()
    append(charge_point, at=datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=UTC))
    html = alice_client.get(rows(charge_point)).content.decode()
    assert 'title="2026-11-20T17:45:00.123+05:45">17:45:00.123</time>' in html


def test_a_connect_says_how_long_there_was_no_link(alice_client: Client, charge_point: ChargePoint) -> None:
    """The row of a Connect comes with the gap since the end of the link before."""
    now = factories.now()
    LinkPeriod.objects.create(
        charge_point=charge_point,
        generation=4,
        started_at=now - timedelta(hours=1),
        ended_at=now - timedelta(seconds=16),
    )
    append(charge_point, action="Connect", category=Category.LINK, direction=Direction.NONE, at=now, generation=5)
    assert "No link for 16 s." in alice_client.get(rows(charge_point)).content.decode()


def test_a_huge_frame_is_cut_and_whole_on_request(alice_client: Client, charge_point: ChargePoint) -> None:
    """Rows carry the beginning; the raw address has it all, character for character."""
    huge = '[2,"1","DataTransfer",{"data":"' + "ø" * 100_000 + '"}]'
    seq = append(charge_point, request=huge)[0]
    html = alice_client.get(rows(charge_point)).content.decode()
    assert " data-cut" in html
    assert html.count("ø") < RAW_LIMIT
    raw = alice_client.get(f"/charge-points/{charge_point.pk}/log/lines/{seq}/raw/").json()
    assert raw == {"request": huge, "answer": ""}


def test_permalink_opens_the_page_at_its_line(alice_client: Client, charge_point: ChargePoint) -> None:
    """It leads to the charge point's page, where the line is open and marked."""
    seqs = append(charge_point, 300)
    answer = alice_client.get(f"/charge-points/{charge_point.pk}/log/lines/{seqs[20]}/")
    assert answer["Location"] == f"/charge-points/{charge_point.pk}/?at={seqs[20]}#m{seqs[20]}"
    html = alice_client.get(answer["Location"]).content.decode()
    assert f'class="ln c-state mark" id="m{seqs[20]}"' in html
    assert len(SEQ.findall(html)) == 21 + 25


def test_the_page_explains_the_words(alice_client: Client, charge_point: ChargePoint) -> None:
    """The legend has one sentence for each of the words an operator meets."""
    html = alice_client.get(f"/charge-points/{charge_point.pk}/").content.decode()
    assert {word.name for word in LEGEND} == {
        "StartTransaction",
        "StopTransaction",
        "StatusNotification",
        "SuspendedEV",
        "SuspendedEVSE",
        "Charging",
        "BootNotification",
        "Connect",
        "Disconnect",
    }
    for word in LEGEND:
        assert word.meaning in html
        assert word.meaning.count(".") == 1
    assert "No messages yet." in html


def test_queries_do_not_grow_with_rows(
    alice_client: Client, charge_point: ChargePoint, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Session, user, charge point with site, cursor, lines, gaps."""
    append(charge_point, 3)
    append(charge_point, 200, action="Connect", category=Category.LINK, generation=7)
    with django_assert_max_num_queries(6):
        alice_client.get(rows(charge_point))


@pytest.mark.parametrize("tail", ["rows/", "lines/{seq}/", "lines/{seq}/raw/"])
class TestEachAddress:
    """Works, needs a login, ownership, wrong method, bad id."""

    def address(self, charge_point: ChargePoint, tail: str) -> str:
        """The address below the charge point's log."""
        seq = append(charge_point)[0]
        return f"/charge-points/{charge_point.pk}/log/{tail.format(seq=seq)}"

    def test_works(self, tail: str, bob_client: Client, charge_point: ChargePoint) -> None:
        """Bob is on the team."""
        assert bob_client.get(self.address(charge_point, tail)).status_code in {200, 302}

    def test_needs_a_login(self, tail: str, client: Client, charge_point: ChargePoint) -> None:
        """A stranger is sent to the login page."""
        assert client.get(self.address(charge_point, tail))["Location"].startswith("/login/")

    def test_ownership(
        self,
        tail: str,
        charlie_client: Client,
        bob_client: Client,
        charge_point: ChargePoint,
        far_charge_point: ChargePoint,
    ) -> None:
        """What is somebody else's is not there, nor what is on a site that the membership leaves out."""
        assert charlie_client.get(self.address(charge_point, tail)).status_code == 404
        assert bob_client.get(self.address(far_charge_point, tail)).status_code == 404

    def test_wrong_method(self, tail: str, alice_client: Client, charge_point: ChargePoint) -> None:
        """A log is only read."""
        assert alice_client.post(self.address(charge_point, tail)).status_code == 405

    def test_bad_id(self, tail: str, alice_client: Client) -> None:
        """An unknown charge point, and a number that fits nowhere."""
        for pk in ("999999", "9" * 30):
            assert alice_client.get(f"/charge-points/{pk}/log/{tail.format(seq=1)}").status_code == 404


def test_unknown_line(alice_client: Client, charge_point: ChargePoint, far_charge_point: ChargePoint) -> None:
    """A sequence of another charge point, or of none, is not found."""
    seq = append(far_charge_point)[0]
    for number in (seq, 1, "9" * 30):
        assert alice_client.get(f"/charge-points/{charge_point.pk}/log/lines/{number}/").status_code == 404
