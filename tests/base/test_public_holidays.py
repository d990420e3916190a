"""Public holidays as they are proposed to a plant, with the days that are worked for them."""

from datetime import date

import pytest

from redrabbit.base.public_holidays import PublicHoliday, WorkedInstead, public_holidays


def test_china_s_days_have_names_and_days_that_are_worked_instead() -> None:
    found = public_holidays("CN", 2026, language="zh")
    assert PublicHoliday(day=date(2026, 2, 17), name="春节") in found.holidays
    golden_week = WorkedInstead(day=date(2026, 10, 10), instead_of=date(2026, 10, 7))
    assert golden_week in found.make_up_days
    off = {each.day for each in found.holidays}
    assert {day.year for day in off | {each.day for each in found.make_up_days}} == {2026}
    for each in found.make_up_days:
        assert each.instead_of in off
        assert each.day not in off
        assert each.day.weekday() >= 5


def test_a_region_has_days_of_its_own() -> None:
    own = {each.name for each in public_holidays("DE", 2027, region="BW").holidays}
    assert own > {each.name for each in public_holidays("DE", 2027, region="HH").holidays} - {
        "Reformation Day"
    }
    assert "Corpus Christi" in own
    assert public_holidays("DE", 2027, region="BW").make_up_days == []


@pytest.mark.parametrize(
    ("country", "region", "named"), [("XX", None, "XX"), ("DE", "ZZ", "DE-ZZ")]
)
def test_what_is_not_known_is_said(country: str, region: str | None, named: str) -> None:
    with pytest.raises(ValueError, match=f"no public holidays of {named} are known"):
        public_holidays(country, 2027, region=region)
