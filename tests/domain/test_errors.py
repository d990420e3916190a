from redrabbit.domain.errors import Refusal


def test_a_refusal_carries_its_code_and_parameters_for_the_edge_to_put_into_words() -> None:
    """D17: code and parameters, no sentence."""
    refusal = Refusal("part_worn_out", part="RR-0007", uses=50)

    assert refusal.code == "part_worn_out"
    assert refusal.params == {"part": "RR-0007", "uses": 50}
    assert str(refusal) == "part_worn_out (part=RR-0007, uses=50)"


def test_a_refusal_without_parameters_shows_its_code_alone() -> None:
    assert str(Refusal("not_now")) == "not_now"
