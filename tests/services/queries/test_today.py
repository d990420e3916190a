"""Today, for whoever asks: a program has nothing that waits for it, and nobody's mark is another's."""

from redrabbit.services.askers import ANYBODY, Asker
from redrabbit.services.queries.today import today_page
from tests.showcase_story import Showcase


def test_where_nobody_is_registered_all_of_it_waits_for_whoever_looks(showcase: Showcase) -> None:
    now = showcase.clock.now()
    page = showcase.ask(lambda r: today_page(r, showcase.plant, ANYBODY, now))
    assert page.mine
    assert page.others == ()
    assert not page.can_note


def test_nothing_waits_for_who_is_nobody(showcase: Showcase) -> None:
    now = showcase.clock.now()
    page = showcase.ask(lambda r: today_page(r, showcase.plant, Asker(), now))
    assert page.mine == ()
    assert page.others
    assert page.since.seen_until is None
