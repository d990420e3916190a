"""`codes` of plant.yaml: what badges and labels look like (B29, B40)."""

from pathlib import Path

from redrabbit.config.plant import load_plant
from redrabbit.domain.scanned_code import AS_KNOWN, CodeKind, ScannedCode, scanned

BASE = Path(__file__).parent / "base"
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in BASE.iterdir()}


def test_a_plant_that_declares_nothing_has_the_codes_that_it_knows() -> None:
    plant = load_plant(TEXTS)
    assert plant.codes == AS_KNOWN
    assert scanned("RR-0001", plant.codes, plant.known_codes) == (
        ScannedCode("RR-0001", CodeKind.PART),
    )
    for kind in (CodeKind.PART, CodeKind.PLACE, CodeKind.DEVICE, CodeKind.LINE):
        assert plant.known_codes[kind]


def test_declared_forms_tell_codes_apart() -> None:
    declared = 'codes:\n  badge: ["B{6 digits}", "EXT-{digits}"]\n  prefixes: ["~"]\n'
    plant = load_plant({**TEXTS, "plant.yaml": TEXTS["plant.yaml"] + declared})
    assert [form.spelled for form in plant.codes.forms[CodeKind.BADGE]] == [
        "B{6 digits}",
        "EXT-{digits}",
    ]
    assert scanned("~B001234~RR-0001", plant.codes, plant.known_codes) == (
        ScannedCode("B001234", CodeKind.BADGE),
        ScannedCode("RR-0001", CodeKind.PART),
    )
