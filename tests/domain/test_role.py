"""The nine roles."""

from redrabbit.domain.role import Role


def test_there_are_nine_roles() -> None:
    """D65."""
    assert [role.value for role in Role] == [
        "operator",
        "shift_leader",
        "maintenance",
        "process_engineer",
        "parts_keeper",
        "quality_engineer",
        "auditor",
        "administrator",
        "service",
    ]
