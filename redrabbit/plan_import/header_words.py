"""Words of headers and labels of control plans, in English, Chinese, German, Spanish and Korean.

Compared by `grid.key`, so that breaks, punctuation and width play no part. A misspelt word is known by likeness.
"""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from redrabbit.plan_import.grid import key


class Column(Enum):
    """What a column of a plan, or of a list of devices, holds."""

    PROCESS_NUMBER = "process_number"
    PROCESS_NAME = "process_name"
    MACHINE = "machine"
    CHARACTERISTIC_NUMBER = "characteristic_number"
    PRODUCT = "product"
    PROCESS = "process"
    CHARACTERISTIC = "characteristic"
    SPECIAL = "special"
    SPECIFICATION = "specification"
    TECHNIQUE = "technique"
    SIZE = "size"
    FREQUENCY = "frequency"
    CONTROL_METHOD = "control_method"
    REACTION = "reaction"
    DEVICE = "device"
    PARTS = "parts"
    GOOD_MASTER = "good_master"
    PFMEA = "pfmea"
    OWNER = "owner"
    FAILURE_MODE = "failure_mode"
    GRACE = "grace"
    REACTION_ALSO = "reaction_also"
    """The reaction once more, in another language."""
    CHECK = "check"
    """The id of a check, which never changes."""
    OPENS_BEFORE = "opens_before"
    CLOSES_AFTER = "closes_after"
    LEAST_GRADE = "least_grade"
    ARMING_TIMEOUT = "arming_timeout"
    RETURN_TIMEOUT = "return_timeout"
    RUN_TIMEOUT = "run_timeout"
    INCONCLUSIVE_RUNS = "inconclusive_runs"
    PLAN_LINE = "plan_line"
    """In a list of devices: which line of the plan verifies it."""


_ONE_LANGUAGE: Final = (
    "reaction plan (other language)|reaction plan (english)|reaction plan (chinese)|反应计划（英文）|反应计划（中文）|反应计划（另一语言）|"
    "reaktionsplan (andere sprache)|reaktionsplan (englisch)|plan de reacción (otro idioma)|plan de reacción (inglés)|이상조치 (다른 언어)|이상조치 (영어)"
)
"""A reaction in one of two languages: the first such column is the reaction where no other is."""

_COLUMNS: Final[Mapping[Column, str]] = {
    Column.PROCESS_NUMBER: "part/process number|part process number|process number|process no|operation number|op no|op|s.no|sl.no|sr.no|"
    "零件/过程编号|过程编号|工序号|工序编号|序号|afo|arbeitsfolge|vorgang|prozessnr|número de proceso|n° de operación|공정번호|no",
    Column.PROCESS_NAME: "process name/operation description|process name|process description|operation description|operation|process step|"
    "过程名称/操作描述|过程名称|工序名称|操作描述|工位|工序|arbeitsgang|prozessbezeichnung|prozessschritt|nombre del proceso|descripción de la operación|공정명",
    Column.MACHINE: "machine, device, jig, tools for mfg|machine device jig tools|machine|equipment|machine/tools|机器、装置、夹具、工装|机器装置夹具工装|设备|"
    "生产设备|装置|device|maschine/vorrichtung|maschine|máquina|máquina, dispositivo|설비",
    Column.CHARACTERISTIC_NUMBER: "no|number|characteristic no|char no|编号|特性编号|merkmal nr|merkmalsnr|nr|nº|número|번호",
    Column.PRODUCT: "product|product characteristic|product char|产品|产品特性|produktmerkmal|produkt|producto|característica del producto|제품",
    Column.PROCESS: "process|process characteristic|process char|过程|过程特性|prozessmerkmal|proceso|característica del proceso|공정",
    Column.CHARACTERISTIC: "characteristic|characteristics|control item|特性|控制项目|管理项目|merkmal|característica|특성|관리항목",
    Column.SPECIAL: "special char class|special characteristic|special characteristics|special char|class|classification|symbol|特殊特性分类|特殊特性|特性分类|"
    "bm|besonderes merkmal|característica especial|clase|특별특성",
    Column.SPECIFICATION: "product/process specification/tolerance|specification/tolerance|specification|spec|specifications|产品/过程规范/公差|规范|规范/公差|规格|"
    "spezifikation/toleranz|spezifikation|especificación|especificación/tolerancia|규격",
    Column.TECHNIQUE: "evaluation/measurement technique|measurement technique|meas technique|measuring technique|gauge|评价/测量技术|测量技术|检测方法|"
    "prüfmittel|messmittel|técnica de medición|측정방법",
    Column.SIZE: "size|sample size|容量|样本容量|sample|umfang|stichprobenumfang|tamaño|tamaño de muestra|시료수",
    Column.FREQUENCY: "freq|frequency|sample frequency|measure frequency|verification frequency|频率|频次|验证频次|检验频率|检验频次|抽样频率|抽检频率|检查频次|检查频率|inspection frequency|revised frequency|验证频率|样本频率|häufigkeit|prüfhäufigkeit|"
    "frecuencia|주기|빈도",
    Column.CONTROL_METHOD: "control method|methods of control|控制方法|方法|dokumentation|lenkungsmethode|método de control|관리방법",
    Column.REACTION: "reaction plan|reaction|corrective action|反应计划|反应措施|reaktionsplan|reaktion|plan de reacción|이상조치|"
    + _ONE_LANGUAGE,
    Column.DEVICE: "device id|error proofing device|error-proofing device id|poka yoke id|poka-yoke device|防错装置编号|防错装置|防错装置id|装置编号|einrichtung|"
    "poka-yoke-einrichtung|dispositivo poka yoke|방지장치",
    Column.PARTS: "challenge part(s)|challenge part|challenge parts|red rabbit|red rabbits|红兔子（挑战件）|挑战件|红兔子|红兔子编号|挑战件编号|"
    "prüfling (rotes kaninchen)|rotes kaninchen|prüfling|grenzmuster|pieza patrón|piezas patrón",
    Column.GOOD_MASTER: "good master|ok master|合格样件|标准件|绿兔子|i.o.-muster",
    Column.PFMEA: "pfmea line / rev|pfmea line|pfmea|pfmea no|pfmea项次|pfmea编号|fmea|amfe|pfmea-zeile",
    Column.OWNER: "owner|responsibility|responsible|责任人|责任者|负责人|verantwortlich|verantwortung|responsable|담당",
    Column.FAILURE_MODE: "failure mode|失效模式|fehlerart|fehlermodus|modo de falla|고장형태",
    Column.GRACE: "grace|宽限|宽限时间|karenz|tolerancia de tiempo|유예 시간",
    Column.REACTION_ALSO: _ONE_LANGUAGE,
    Column.CHECK: "check id|验证项编号|prüfungs-id|id de la verificación|검증 항목 id",
    Column.OPENS_BEFORE: "opens before|opens before due|可提前|可提前时间|öffnet vorher|öffnet vor fälligkeit|abre antes|검증 시작 가능",
    Column.CLOSES_AFTER: "closes after|lapses after|关闭时限|未验证截止|schließt nach|verfällt nach|cierra después|검증 마감",
    Column.LEAST_GRADE: "least grade|least grade of evidence|最低证据等级|mindestgrad|mindestgrad des nachweises|grado mínimo de evidencia|최소 증거 등급",
    Column.ARMING_TIMEOUT: "arming timeout|扫码到放入时限|frist bis zum einlegen|plazo para presentar|투입 제한 시간",
    Column.RETURN_TIMEOUT: "return timeout|样件归还时限|frist zur rückgabe|plazo de devolución|반납 제한 시간",
    Column.RUN_TIMEOUT: "run timeout|单次验证时限|frist der prüfung|plazo de la verificación|검증 제한 시간",
    Column.INCONCLUSIVE_RUNS: "inconclusive runs|无结论次数上限|ergebnislose prüfungen|verificaciones sin resultado|무결론 횟수",
    Column.PLAN_LINE: "cp line|plan line|control plan line|cp行|计划行",
}  # fmt: skip


class Label(Enum):
    """What a label above the table says of the plan."""

    NUMBER = "number"
    REVISION = "revision"
    DATE_ORIGINAL = "date_original"
    DATE = "date"
    EFFECTIVE_FROM = "effective_from"
    PART_NUMBERS = "part_numbers"
    PHASE = "phase"
    OTHER = "other"
    """A label whose value is not asked for: it ends the value before it."""


LABELS: Final[Mapping[Label, str]] = {
    Label.NUMBER: "control plan number|control plan no|plan number|plan no|cp no|cp number|doc no|document no|控制计划编号|计划编号|文件编号|编号|控制计划|plp-nr|plan-nr|"
    "número de plan|관리계획서 번호|no",
    Label.REVISION: "revision|rev no|rev|revision no|版本|版次|版本号|änderungsstand|revisionsstand|stand|revisión|개정",
    Label.DATE_ORIGINAL: "date (orig)|date orig|original date|编制日期|首次日期|erstellt am|fecha (orig)",
    Label.DATE: "date (rev)|date rev|revision date|rev date|issue date|修订日期|更改日期|日期|date|datum|fecha (rev)|fecha|개정일",
    Label.EFFECTIVE_FROM: "effective from|effective date|valid from|生效日期|gültig ab|vigente desde",
    Label.PART_NUMBERS: "part number/latest change level|part number|part no|零件号/最新更改水平|零件号|零件编号|teile-nr|teilenummer|número de pieza|품번",
    Label.PHASE: "phase|阶段|fase",
    Label.OTHER: "key contact/phone|core team|customer engineering approval/date (if req'd)|part name/description|organization/plant approval/date|"
    "customer quality approval/date|organization/plant|organization code|other approval/date|零件名称/描述|核心小组|供方/工厂|顾客工程批准/日期（如需要）|"
    "benennung|product|model/capacity|page|页码|月份|供方|工厂",
}  # fmt: skip

PHASES: Final[Mapping[str, str]] = {
    "prototype": r"prototype|proto|样件|prototyp|prototipo",
    "pre_launch": r"pre-? ?launch|试生产|vorserie|pre-? ?lanzamiento",
    "safe_launch": r"safe ?launch|安全投产|sicherer anlauf|lanzamiento seguro",
    "production": r"production|生产|量产|serie|producción|양산",
}
"""Phase → how it is written; the longest wording that fits counts, so 试生产 is not 生产."""

FOOTERS: Final = r"notes?\b|remarks?\b|注[:：]|备注|说明[:：]|编制|审核|批准|prepared\b|approved\b|form (?:no\b|qf)|表单号|verteiler|legende|bm:|hinweis|elaborado|notas?\b|작성"
"""A row that begins so stands below the table."""

LIKE: Final = 0.87
"""So like must a misspelt header be; `Rejection` is no misspelt `Reaction`, which is 0.82."""
LONGEST_HEADER: Final = 100
"""Characters; a longer text is no header."""
SHORTEST_LIKE: Final = 5
"""Letters; shorter words are like too many others."""


@lru_cache(maxsize=1)
def _forms() -> dict[str, tuple[Column, ...]]:
    found: dict[str, tuple[Column, ...]] = {}
    for column, words in _COLUMNS.items():
        for word in words.split("|"):
            found[key(word)] = (*found.get(key(word), ()), column)
    return found


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a header may mean."""

    column: Column
    like: float
    """How like its words are to known ones, from 0.8 to 1."""
    is_sure: bool
    """The words mean nothing else: `No.` may be the number of a process or of a characteristic."""


def is_header_word(text: str) -> bool:
    """Tell whether a text is exactly a known header, in one of its languages."""
    if len(text) > LONGEST_HEADER:
        return False
    return any(candidate in _forms() for candidate in _candidates(text))


@lru_cache(maxsize=4096)
def columns_said(text: str) -> tuple[Meaning, ...]:
    """Return what a header may mean, the likeliest first.

    Its parts, lines or languages, count only where the whole means nothing: "Part/Processs Number" on two lines is misspelt, and no "Number".
    """
    if len(text) > LONGEST_HEADER:
        return ()
    whole, *parts = _candidates(text)
    found = list(_alike(whole)) or [each for part in parts for each in _alike(part)]
    best: dict[Column, Meaning] = {}
    for meaning in found:
        before = best.get(meaning.column)
        if before is None or (meaning.is_sure, meaning.like) > (before.is_sure, before.like):
            best[meaning.column] = meaning
    return tuple(sorted(best.values(), key=lambda each: (not each.is_sure, -each.like)))


def _alike(candidate: str) -> Iterator[Meaning]:
    forms = _forms()
    if candidate in forms:
        columns = forms[candidate]
        yield from (Meaning(column, 1.0, len(columns) == 1) for column in columns)
        return
    if len(candidate) < SHORTEST_LIKE:
        return
    for form in difflib.get_close_matches(candidate, forms, n=2, cutoff=LIKE):
        if len(form) >= SHORTEST_LIKE and form[0] == candidate[0]:
            like = difflib.SequenceMatcher(None, candidate, form).ratio()
            columns = forms[form]
            yield from (Meaning(column, min(like, 0.99), len(columns) == 1) for column in columns)


def _candidates(text: str) -> Iterator[str]:
    """Yield the whole header first, then each of its lines and languages."""
    flat = unicodedata.normalize("NFKC", text)
    parts = [flat, *flat.splitlines()]
    chinese = re.findall(r"[\u3400-\u9fff][\u3400-\u9fff/、()]*", flat)
    latin = re.findall(r"[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f ./'-]*", flat)
    if chinese and latin:  # a header in two languages; of one, a part of it is another word
        parts += chinese + latin
    whole = key(flat)
    yield whole
    yield from (part for part in dict.fromkeys(map(key, parts)) if part and part != whole)
