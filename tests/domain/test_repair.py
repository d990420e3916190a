"""The plain list of what was repaired (D35)."""

from redrabbit.base.messages import LANGUAGES, Message, catalogue
from redrabbit.domain.repair import RepairCode
from tests.builders import T0
from tests.plants import UTC_ZONE


def test_the_list_fits_on_a_screen_and_has_a_way_out() -> None:
    """One tap: so many buttons of 60 px, and one for what is not on the list."""
    assert len(RepairCode) == 10
    assert list(RepairCode)[-2:] == [RepairCode.NOTHING_FOUND, RepairCode.OTHER]


def test_each_word_stands_in_both_languages() -> None:
    for language in LANGUAGES:
        said = [
            catalogue(language, UTC_ZONE).render(Message(f"repair.{code.value}"), T0)
            for code in RepairCode
        ]
        assert len(set(said)) == len(RepairCode)
        assert not any("." in words for words in said)
