"""A name that somebody states is kept once, with a salt of its own (D23, D51)."""

from redrabbit.services.ports import Reader
from redrabbit.services.stated_names import id_of
from tests.plants import Bench


def test_a_name_has_one_id_and_another_name_another() -> None:
    bench = Bench()

    def stated(name: str) -> str:
        return bench.write(lambda uow: id_of(uow, name))

    first, again, other = stated("Li"), stated("Li"), stated("Wei")
    assert first == again != other

    def kept(reader: Reader) -> dict[str, str]:
        return {actor: known.name for actor, known in reader.names().items()}

    assert bench.database.read_now(kept) == {first: "Li", other: "Wei"}
