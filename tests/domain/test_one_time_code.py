"""A code works once, for one thing, and not for long."""

from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.domain.one_time_code import LASTS, CodePurpose, code_made

NOW = datetime(2026, 11, 27, 6, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("purpose", list(CodePurpose))
def test_a_code_works_from_its_making_until_its_end(purpose: CodePurpose) -> None:
    code = code_made("d" * 64, purpose, "p-1", NOW)
    assert code.works(purpose, NOW)
    assert code.works(purpose, NOW + LASTS[purpose] - SECOND)
    assert not code.works(purpose, NOW + LASTS[purpose])
    assert not code.works(purpose, NOW - SECOND)


def test_a_code_works_once() -> None:
    code = code_made("d" * 64, CodePurpose.SET_PASSWORD, "p-1", NOW)
    assert not code.used(NOW).works(CodePurpose.SET_PASSWORD, NOW + SECOND)


def test_a_code_for_a_screen_sets_no_password() -> None:
    code = code_made("d" * 64, CodePurpose.ENROL_SCREEN, "line1-op20", NOW)
    assert not code.works(CodePurpose.SET_PASSWORD, NOW)
