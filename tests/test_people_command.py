"""`redrabbit people` and `redrabbit token`: at the server, with the service stopped (R19, decision 38)."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.beside import TokenSecret, digest_of
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.identity import Actor, BadgeId, How, PersonId
from redrabbit.domain.one_time_code import CodePurpose
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import AlarmRecord, BadgeRecord, TokenRecord
from redrabbit.services import badges
from redrabbit.services.credentials import use_code
from redrabbit.services.taking_up import open_life
from redrabbit.store.database import SqlDatabase
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.unit_of_work import Recording
from redrabbit.store.verification import verify_database
from tests.config.workbooks import write_workbook
from tests.store.sample_story import FIRST

Told = Callable[..., tuple[int, str]]


@dataclass(frozen=True)
class Served:
    """A plant that was served once and is not now."""

    path: Path

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def opened(self) -> SqlDatabase:
        recording = Recording(fold=fold, software="test")
        return open_database(self.url, plant="", clock=SteadyClock(), recording=recording)


@pytest.fixture
def plant(tmp_path: Path) -> Served:
    served = Served(tmp_path / "plant.db")
    recording = Recording(fold=fold, software="test")
    with open_database(
        served.url, plant="Test plant", clock=SteadyClock(), recording=recording
    ) as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, load_plant(FIRST), files, "test"))
    return served


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], plant: Served) -> Told:
    """Run a command over the plant and return how it ended, and what it said."""

    def run(*asked: object) -> tuple[int, str]:
        capsys.readouterr()
        code = main([*map(str, asked[:2]), "--database", plant.url, *map(str, asked[2:])])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def test_the_first_administrator_gets_a_link_that_works_once(told: Told, plant: Served) -> None:
    assert told("people", "list") == (0, "nobody is registered\n")
    code, said = told("people", "add", "陈静", "--role", "administrator", "--language", "zh")
    assert code == 0
    assert said.startswith("陈静 is p-0001\n")
    found = re.search(r"^http://127\.0\.0\.1:8080/welcome/(\S{43})$", said, re.MULTILINE)
    assert found is not None
    with plant.opened() as database:
        used = database.write_now(lambda uow: use_code(uow, found[1], CodePurpose.SET_PASSWORD))
        assert used == "p-0001"
        assert database.read_now(lambda reader: reader.find(AlarmRecord)) == []
    code, said = told("people", "add", "Mallory", "--role", "administrator")
    assert code == 0
    with open_for_reading(plant.url) as reading:
        (alarm,) = reading.read_now(lambda reader: reader.find(AlarmRecord))
    assert alarm.kind is AlarmKind.ADMINISTRATOR_ADDED
    public = plant.path.with_name("plant.db.pub")
    assert verify_database(plant.url, public_key=public).findings == ()


def test_a_role_that_takes_a_badge_away_says_so(told: Told, plant: Served) -> None:
    for name, role in (("Chen", "administrator"), ("Leader", "shift_leader"), ("Li", "operator")):
        assert told("people", "add", name, "--role", role)[0] == 0
    leader = Actor(id="p-0002", how=How.PASSWORD)
    with plant.opened() as database:
        database.write_now(
            lambda uow: (
                badges.issue(uow, BadgeId("ab" * 32), PersonId("p-0003"), actor=leader).badge_id
            )
        )
    code, said = told("people", "grant", "Li", "quality_engineer")
    assert (code, "a badge was taken away with it" in said) == (0, True)


def test_a_table_whose_roles_take_badges_away_says_so_before_and_after(
    told: Told, plant: Served, tmp_path: Path
) -> None:
    """Decision 62: somebody stands at the station without a badge the next morning."""
    for name, role in (("Chen", "administrator"), ("Leader", "shift_leader"), ("Li", "operator")):
        assert told("people", "add", name, "--role", role)[0] == 0
    leader = Actor(id="p-0002", how=How.PASSWORD)
    with plant.opened() as database:
        database.write_now(
            lambda uow: (
                badges.issue(uow, BadgeId("ab" * 32), PersonId("p-0003"), actor=leader).badge_id
            )
        )
    rows: list[list[str | int]] = [["name", "roles"], ["Li", "quality_engineer"]]
    table = write_workbook(tmp_path / "people.xlsx", rows)
    for more in (("--dry-run",), ()):
        code, said = told("people", "import", table, *more)
        assert (code, "row 2, Li: a badge taken away with the role" in said) == (0, True)


def test_people_are_told_of_granted_disabled_and_listed(told: Told) -> None:
    assert told("people", "add", "Chen", "--role", "administrator")[0] == 0
    added = told(
        "people", "add", "Li", "--role", "operator", "--role", "shift_leader", "--line", "line1"
    )
    assert added == (0, "Li is p-0002\n")
    granted = told("people", "grant", "Li", "quality_engineer", "--until", "2099-12-31")
    assert granted == (0, "g-0004: granted\n")
    assert told("people", "revoke", "g-0002") == (0, "g-0002: revoked\n")
    changed = told("people", "change", "p-0002", "--name", "Li Wei", "--number", "2207")
    assert changed == (0, "p-0002: changed\n")
    headings, *people = told("people", "list")[1].splitlines()
    assert re.split(r"\s{2,}", headings) == [
        *("NUMBER", "NAME", "EMPLOYEE NUMBER", "ACCOUNT", "LAST DAY", "ROLES NOW", "REACHED BY"),
    ]
    assert [re.split(r"\s{2,}", each) for each in people] == [
        ["p-0001", "Chen", "-", "active", "-", "administrator on all lines (g-0001)"],
        [
            *("p-0002", "Li Wei", "2207", "active", "-"),
            "shift_leader on line1 (g-0003); quality_engineer on all lines until 2099-12-31 (g-0004)",
        ],
    ]
    assert told("people", "change", "2207", "--expires", "2099-11-30")[0] == 0
    assert "  2099-11-30  " in told("people", "list")[1]
    assert "/welcome/" in told("people", "link", "2207")[1]
    assert told("people", "disable", "Li Wei") == (0, "p-0002: disabled\n")
    rows = json.loads(told("people", "list", "--json")[1])
    assert [(row["person_id"], row["active"]) for row in rows] == [
        ("p-0001", True),
        ("p-0002", False),
    ]
    assert told("people", "enable", "p-0002") == (0, "p-0002: enabled\n")
    assert "/welcome/" in told("people", "link", "Li Wei")[1]


def test_a_link_begins_with_the_address_under_which_people_come(told: Told) -> None:
    url = "https://rabbit.plant.example"
    added = told("people", "add", "Chen", "--role", "administrator", "--address", f"{url}/")
    assert added[0] == 0
    assert f"\n{url}/welcome/" in added[1]
    assert "--address" not in added[1]
    assert f"\n{url}:8443/welcome/" in told("people", "link", "Chen", "--address", f"{url}:8443")[1]
    said = told("people", "link", "Chen")[1]
    assert "\nhttp://127.0.0.1:8080/welcome/" in said
    assert "--address URL" in said


@pytest.mark.parametrize(
    "address", ["rabbit", "ftp://x", "https://a@b", "https://x/y", "http://[", ""]
)
def test_what_is_no_address_begins_no_link(told: Told, address: str) -> None:
    told("people", "add", "Chen")
    with pytest.raises(SystemExit, match="2"):
        told("people", "link", "Chen", "--address", address)


def test_a_role_is_named_as_other_commands_name_it(told: Told) -> None:
    told("people", "add", "Li")
    assert told("people", "grant", "Li", "--role", "operator") == (0, "g-0001: granted\n")
    assert told("people", "grant", "Li", "maintenance") == (0, "g-0002: granted\n")
    for roles in ((), ("operator", "--role", "operator")):
        with pytest.raises(SystemExit, match="2"):
            told("people", "grant", "Li", *roles)


def test_an_account_gets_an_end_and_loses_it(told: Told) -> None:
    assert told("people", "add", "Audit", "--expires", "2099-12-31") == (0, "Audit is p-0001\n")
    known = json.loads(told("people", "list", "--json")[1])[0]
    assert known["expires_at"] == "2099-12-31T16:00:00.000000Z"  # the day's end in Shanghai
    told("people", "change", "Audit", "--language", "zh")
    assert json.loads(told("people", "list", "--json")[1])[0]["expires_at"] is not None
    told("people", "change", "Audit", "--no-expiry")
    assert json.loads(told("people", "list", "--json")[1])[0]["expires_at"] is None


def test_the_list_says_whose_deputy_somebody_is(told: Told) -> None:
    told("people", "add", "Quinn", "--role", "quality_engineer")
    told("people", "add", "Wang")
    grant = ("people", "grant", "Wang", "quality_engineer", "--deputy-for", "Quinn")
    assert told(*grant, "--until", "2099-12-31")[0] == 0
    assert "until 2099-12-31 (g-0002), deputy of p-0001" in told("people", "list")[1]


def test_what_the_rules_refuse_is_said_in_words(told: Told) -> None:
    assert told("people", "add", "Chen", "--role", "administrator")[0] == 0
    assert told("people", "disable", "Chen") == (
        1,
        "p-0001 is the last administrator without an end. Make somebody else administrator first.\n",
    )
    assert told("people", "disable", "Nobody") == (
        1,
        "There is nobody with the number Nobody.\n",
    )
    assert told("people", "grant", "Chen", "operator", "--deputy-for", "Chen") == (
        1,
        "A deputy has an end. Say until when.\n",
    )


def test_a_badge_is_asked_for_and_never_kept(
    told: Told, plant: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told("people", "add", "Li")
    for asked, done in (
        (("people", "badge", "Li"), "p-0001: badge issued\n"),
        (("people", "badge", "--revoke"), "p-0001: badge revoked\n"),
    ):
        monkeypatch.setattr("sys.stdin", StringIO("0042317\n"))
        assert told(*asked) == (0, done)
    with open_for_reading(plant.url) as reading:
        (badge,) = reading.read_now(lambda reader: reader.find(BadgeRecord))
    assert re.fullmatch(r"[0-9a-f]{64}", badge.badge_id)
    assert badge.revoked_at is not None
    assert b"0042317" not in plant.path.read_bytes()


def test_a_way_to_somebody_is_asked_for_listed_in_part_and_erased(
    told: Told, plant: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    told("people", "add", "Li")
    way = ("people", "way", "Li", "--kind", "apprise")
    secret = "tgram://123456789:abcdefg_hijklmnop/12315544"
    monkeypatch.setattr("sys.stdin", StringIO(f"{secret}\n"))
    assert told(*way) == (0, "p-0001 is reached at tgram://… (way 1)\n")
    listed = json.loads(told("people", "list", "--json")[1])
    assert listed[0]["ways"] == [{"number": 1, "kind": "apprise", "shown": "tgram://…"}]
    assert told("people", "list")[1].endswith("1: tgram://…\n")
    monkeypatch.setattr("sys.stdin", StringIO("li@plant.cn\n"))
    code, said = told("people", "way", "Li")
    assert (code, "no mail server" in said) == (1, True)
    removed = (0, "p-0001 is not reached in way 1 any more\n")
    assert told("people", "way", "Li", "--remove", "1") == removed
    assert json.loads(told("people", "list", "--json")[1])[0]["ways"] == []
    with open_for_reading(plant.url) as reading:
        entries = reading.read_now(lambda reader: reader.entries())
    assert [entry.type for entry in entries][-2:] == ["way_set", "way_removed"]
    assert secret not in str([entry.payload for entry in entries])


def test_a_table_is_imported_as_a_whole_or_not_at_all(told: Told, tmp_path: Path) -> None:
    header: list[str | int] = ["姓名", "工号", "角色", "产线", "工牌"]
    table = write_workbook(
        tmp_path / "people.xlsx",
        [header, ["李娜", "2207", "操作工", "line1", "0042317"], ["Bob", "2208", "审核员", "", ""]],
    )
    code, said = told("people", "import", table)
    assert code == 1
    assert said.startswith("people.xlsx:3:1: An auditor's account ends by itself, by ")
    assert re.search(r"by [0-9-]{10} [0-9:]{8} UTC", said), (
        "by the plant's clock, and with its zone"
    )
    assert said.endswith("\nnothing was imported\n")
    table = write_workbook(
        tmp_path / "people.xlsx",
        [header, ["李娜", "2207", "操作工", "line1", "0042317"], ["Bob", "2208", "", "", ""]],
    )
    would = "2 added, 0 changed, 1 roles granted, 1 badges issued\n"
    assert told("people", "import", table, "--dry-run") == (
        0,
        f"nothing was changed; it would be: {would}",
    )
    assert told("people", "list") == (0, "nobody is registered\n")
    assert told("people", "import", table) == (0, would)
    again = "0 added, 0 changed, 0 roles granted, 0 badges issued\n"
    assert told("people", "import", table) == (0, again)
    broken = write_workbook(tmp_path / "broken.xlsx", [header, ["", "1", "x", "line9", 42]])
    code, said = told("people", "import", broken)
    assert code == 1
    assert [line.split(" ")[0] for line in said.splitlines()] == [
        "broken.xlsx:2:1:",
        "broken.xlsx:2:3:",
        "broken.xlsx:2:4:",
        "broken.xlsx:2:5:",
    ]


def test_a_second_person_of_a_name_is_known_to_be_one(told: Told, tmp_path: Path) -> None:
    assert told("people", "add", "Wang Wei", "--number", "2207")[0] == 0
    code, said = told("people", "add", "Wang Wei", "--number", "2208")
    assert code == 1
    assert "p-0001 has the name Wang Wei already" in said
    assert "--same-name" in said
    assert told("people", "add", "Wang Wei", "--number", "2208", "--same-name")[0] == 0
    header: list[str | int] = ["姓名", "工号"]
    rows: list[list[str | int]] = [header, ["Wang Wei", "2209"], ["Li", "1"], ["li", "2"]]
    table = write_workbook(tmp_path / "people.xlsx", rows)
    code, said = told("people", "import", table)
    assert code == 1
    assert [line.split(" ")[0] for line in said.splitlines()] == [
        "people.xlsx:2:1:",
        "people.xlsx:4:1:",
        "nothing",
    ]
    assert told("people", "import", table, "--same-name")[1].startswith("3 added")
    again = told("people", "import", table)[1]  # who is known by their number is no second one
    assert again.startswith("0 added, 0 changed")


def test_while_the_service_runs_it_says_what_to_do_instead(told: Told, plant: Served) -> None:
    with plant.opened():
        code, said = told("people", "add", "Chen", "--role", "administrator")
        assert code == 1
        assert "an administrator does this in the browser; or stop the service first" in said
        assert said.count("pid ") == 1
        assert re.search(r"since [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8} UTC", said), (
            "by the plant's clock"
        )
        assert told("people", "list") == (0, "nobody is registered\n")
    assert told("people", "add", "Chen")[0] == 0


def test_a_database_that_is_not_there_is_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'none.db'}"
    assert main(["people", "add", "--database", url, "Chen"]) == 1
    told = capsys.readouterr().err
    assert "none.db" in told
    assert "`redrabbit serve` makes it" in told
    assert list(tmp_path.iterdir()) == []


def test_a_token_is_shown_once_and_revoked(told: Told, plant: Served) -> None:
    told("people", "add", "Chen", "--role", "administrator")
    told("people", "add", "Wu Min", "--role", "shift_leader")
    scopes = ("--scope", "run", "--scope", "alarms")
    beyond = told("token", "issue", "MES", "--owner", "Chen", *scopes, "--days", "30")
    assert (beyond[0], "the roles of p-0001 on its line do not have alarms, run" in beyond[1]) == (
        1,
        True,
    )
    code, said = told("token", "issue", "MES", "--owner", "Wu Min", *scopes, "--days", "30")
    assert code == 0
    shown = re.search(r"^rrt_(t-0001)_(\S{43})$", said, re.MULTILINE)
    assert shown is not None
    with open_for_reading(plant.url) as reading:
        (secret,) = reading.read_now(lambda reader: reader.rows(TokenSecret))
        assert secret.digest == digest_of(shown[2])
        (token,) = reading.read_now(
            lambda reader: reader.find(TokenRecord, equals("token_id", shown[1]))
        )
    assert (token.expires_at - token.issued_at).days == 30
    code, said = told("token", "list")
    assert said.startswith("NUMBER  NAME  OWNER   MAY          WHERE         UNTIL\n")
    assert "\nt-0001  MES   Wu Min  alarms, run  on all lines  20" in said
    assert json.loads(told("token", "list", "--json")[1])[0]["owner"] == "Wu Min"
    assert told("token", "revoke", "t-0001") == (0, "t-0001: revoked\n")
    assert told("token", "list") == (0, "no token is worth anything now\n")
    assert told("token", "revoke", "t-0001") == (
        1,
        "There is no token t-0001 that is worth anything.\n",
    )


@pytest.mark.parametrize(
    "asked",
    [
        ["people", "add", "Li", "--role", "service"],
        ["people", "add", "Li", "--expires", "soon"],
        ["token", "issue", "MES", "--owner", "Li", "--scope", "all"],
        ["token", "issue", "MES", "--owner", "Li", "--scope", "run", "--days", "401"],
        ["people"],
    ],
)
def test_a_command_that_is_wrong_is_told_so(asked: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(asked)
    assert ended.value.code == 2
