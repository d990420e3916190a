"""What the services see when the floor above is in trouble is told in one place."""

import inspect

from redrabbit.services import errors


def test_the_tree_of_errors_tells_each() -> None:
    """Two of them were missing from it."""
    found = inspect.getmembers(errors, inspect.isclass)
    kinds = {name: kind for name, kind in found if issubclass(kind, errors.StoreTrouble)}
    tree = (errors.__doc__ or "").partition("Trouble is no refusal")[0].splitlines()
    depths = {line.split("── ")[1].split()[0]: line.index("── ") for line in tree if "── " in line}
    assert set(depths) == set(kinds)
    for name, kind in kinds.items():
        of = kind.__base__.__name__ if kind.__base__ is not None else ""
        assert depths[name] == depths.get(of, 1) + 4, name
