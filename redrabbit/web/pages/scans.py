"""What a scan on a station's page is: one code, without what its scanner put around it (B29, B40)."""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.plant import Plant
from redrabbit.domain.scanned_code import CodeKind, ScannedCode, scanned
from redrabbit.web.pages.forms import Form


def one_of(codes: tuple[ScannedCode, ...]) -> ScannedCode:
    """Return the one code of a scan; Refusal for none and for several, of which none is dropped silently."""
    if not codes:
        raise Refusal("nothing_scanned")
    if len(codes) > 1:
        raise Refusal("scan_of_several", scans=", ".join(code.text for code in codes))
    return codes[0]


def badge_code(raw: str, plant: Plant) -> str:
    """Return the code of the badge that was scanned; Refusal for a scan of anything else, or of several."""
    code = one_of(scanned(raw, plant.codes, plant.known_codes))
    if code.kind not in {CodeKind.BADGE, None}:
        raise Refusal("scan_is_no_badge", scan=code.text)
    return code.text


def with_one_code(form: Form, plant: Plant) -> Form:
    """Return a form with the code that was scanned, where there is one in it."""
    if not form.get("code", "").strip():
        return form
    return {**form, "code": one_of(scanned(form["code"], plant.codes, plant.known_codes)).text}
