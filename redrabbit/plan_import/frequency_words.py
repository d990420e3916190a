"""Wordings of frequencies, as plants write them: regular expressions over normalised text.

Normalised: NFKC, lower case, one blank between words. Sources: control plans of real plants in five languages and AIAG's, VDA's and Chinese forms.
A name in capitals is a part of a pattern; `PHRASES` and `EVENTS` are whole wordings.
"""

import re
from typing import Final

from redrabbit.plan_import.trigger import On

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12,
    "ein": 1, "eine": 1, "zwei": 2, "drei": 3, "vier": 4, "acht": 8,
    "un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "ocho": 8,
    "半": 0.5, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "八": 8, "十": 10,
}  # fmt: skip

NUMBER: Final = (
    r"(?:\d{1,3}(?:[,.]\d{3})+(?!\d)|\d+(?:[.,]\d+)?|"
    + "|".join(sorted(_WORDS, key=len, reverse=True))
    + ")"
)


def count_of(text: str) -> float:
    """Return how many pieces or times a text of `NUMBER` says; `1,000` and `1.000` are a thousand."""
    if re.fullmatch(r"[1-9]\d{0,2}(?:[,.]\d{3})+", text):
        return float(re.sub(r"[,.]", "", text))
    return length_of(text)


def length_of(text: str) -> float:
    """Return how long a text of `NUMBER` says: `1,5` and `1.500` are one and a half."""
    return float(_WORDS[text]) if text in _WORDS else float(text.replace(",", "."))


PIECES: Final = r"(?:pieces?|pcs?|pc|parts?|ea|units?|shots?|件|个|只|片|pcs|stk|stück|teile?|piezas?|pzas?|개)\.?"
SIZE_UNITS: Final = rf"(?:{PIECES}|samples?|muestras?)"
HOURS: Final = r"(?:hours?|hrs?|hr|h|std|stunden?|horas?|小时|시간)\.?"
MINUTES: Final = r"(?:minutes?|mins?|min|minuten?|minutos?|分钟|분)\.?"
SECONDS: Final = r"(?:seconds?|secs?|s|秒)"
DAY_AND_NIGHT: Final = r"(?:day and night|around the clock|昼夜(?:不停)?|全天(?:24小时)?|tag und nacht|rund um die uhr|día y noche|주야)"
"""An interval that goes on while nobody works."""
TIMES: Final = r"(?:x|times?|mal|veces|vez|次|회)"
PER: Final = r"(?:/|per|pro|je|por|a|an|in|every|each|cada)"
EVERY: Final = r"(?:every|each|per|pro|jede[rsn]?|je|alle|cada|por|每|매)"
SEPARATOR: Final = (
    r"(?:[+,;&、，；]|/|\band\b|\bor\b|\bund\b|\boder\b|\by\b|\bo\b|或者?|及|和|以及|并)+"
)
CHOICE: Final = r"/|or|oder|o|或者?"
"""Separators that may mean either of two: between two periods nobody knows which."""
CONTINUES: Final = r"(?:am|on|at|per|pro|of|in|de|por|je|für|for)\b"
"""A line that begins so goes on from the line above."""
FIRST_OF: Final = (
    r"[(,;]*\s*(?:whichever (?:comes |is |occurs )?(?:first|earlier|sooner)|"
    r"je nachdem,? was zuerst (?:eintritt|kommt)|lo que ocurra primero|以?先到(?:者)?为准|以先(?:发生|到)者为准)\s*\)?"
)

SHIFT: Final = r"(?:shift|schicht|turno|班次|班|교대|근무)"
_AT = r"(?: ?(?:at|on|um|a las?|,|@)? ?(?P<at>\d{1,2}[:：.]\d{2}(?:[:：]\d{2})?)(?: ?uhr| ?h)?)?"
ONCE: Final = r"(?:(?:1|one|ein|una?|一) ?x|1 ?(?:time|mal|vez)|once|one time|einmal|una vez|1|一次|1次|1 ?회)"

_DAY_WORDS: Final = {
    "mon": r"mondays?|mon|montags?|lunes|周一|星期一|月曜|월요일",
    "tue": r"tuesdays?|tue|tues|dienstags?|martes|周二|星期二|화요일",
    "wed": r"wednesdays?|wed|mittwochs?|miércoles|周三|星期三|수요일",
    "thu": r"thursdays?|thurs?|thu|donnerstags?|jueves|周四|星期四|목요일",
    "fri": r"fridays?|fri|freitags?|viernes|周五|星期五|금요일",
    "sat": r"saturdays?|sat|samstags?|sábado|周六|星期六|토요일",
    "sun": r"sundays?|sun|sonntags?|domingo|周日|周天|星期日|星期天|일요일",
}
_DAY = "(?:" + "|".join(_DAY_WORDS.values()) + ")"
DAYS: Final = rf"(?P<days>{_DAY}(?: ?(?:,|、|/|&|\+|and|und|y|和|及) ?(?:on )?{_DAY})*)"


def days_of(text: str) -> tuple[str, ...]:
    """Return the days of the week that a text of `DAYS` names, in their order, each once."""
    named = "".join(f"周{letter}" for letter in re.findall(r"[一二三四五六日天]", text))
    return tuple(
        day for day, words in _DAY_WORDS.items() if re.search(rf"(?:{words})", f"{text} {named}")
    )


SHIFT_NAMES: Final = {
    "night": r"nights?|夜班|nachtschicht|nacht|noche|nocturno|야간",
    "late": r"late|afternoon|evening|中班|spätschicht|spät|tarde|오후",
    "early": r"early|morning|早班|frühschicht|früh|mañana|오전",
    "day": r"day|白班|tagschicht|día|주간",
}
_A_SHIFT = "(?:" + "|".join(SHIFT_NAMES.values()) + ")(?: ?(?:shifts?|班|schicht))?"
EXCEPT: Final = (
    rf"\(?\s*(?:(?:except(?: for)?|not on|no|without|excluding|außer|ohne|excepto|salvo) (?:the |la |el )?(?P<a>{_A_SHIFT})|"
    rf"(?:不含|除)?(?P<b>{_A_SHIFT}) ?(?:除外|不做|제외)|(?:不含|除)(?P<c>{_A_SHIFT})(?:外)?)\s*\)?"
)

PHRASES: Final[tuple[tuple[str, tuple[On, ...]], ...]] = (
    ((rf"(?:{ONCE} ?{PER} ?|{EVERY} ?|{ONCE} (?:je|pro) )(?:the )?{SHIFT}"
     r"(?: ?(?:start|begin|beginn|beginning|anfang))?(?: (?:bei|zu|at) ?(?:schichtbeginn|(?:shift )?start))?"), (On.SHIFT_START,)),
    (r"(?:at )?(?:the )?(?:start|beginning|begin) of (?:the |each |every |a )?shift|(?:at |every |each )?shift (?:start|change)", (On.SHIFT_START,)),
    (r"(?:bei |zu )?(?:schichtbeginn|schichtstart|schichtanfang)|(?:zu )?beginn (?:jeder|der) schicht", (On.SHIFT_START,)),
    (r"(?:verificar pieza patr[oó]n )?(?:al )?(?:inicio|comienzo) de(?:l)? (?:cada )?turno|cada inicio de turno", (On.SHIFT_START,)),
    (r"每个?班次?(?:一次|1次|首件|首检|开始时?|开班时?)|一次[/每]班|班前|班前点检|开班时?|开班前|班首件|交?接班时|换班时|每班开班时?", (On.SHIFT_START,)),
    (r"매 ?교대 ?(?:시작|시)?|교대 ?시작", (On.SHIFT_START,)),
    (r"(?:end of (?:the |each |every )?shift|shift end|schichtende|(?:al )?fin(?:al)? de(?:l)? turno|班末|班后|下班前|每班末件?|교대 ?종료)", (On.SHIFT_END,)),
    ((r"(?:at )?(?:the )?(?:start|beginning) (?:and|&|/|\+) ?end of (?:the |each |every )?shift|(?:al )?inicio y (?:al )?fin(?:al)? de turno|"
     r"(?:zu )?schichtbeginn (?:und|&|/) ?(?:zu )?schichtende|班首班?末|(?:每班)?首末件|首件 ?[/、和及] ?末件"), (On.SHIFT_START, On.SHIFT_END)),
    ((r"(?:first|1st)(?:[ -](?:piece|part|off))? ?(?:and|&|/|\+|-) ?last(?:[ -](?:piece|part|off))?|erst(?:stück|teil) ?(?:/|und|&|\+) ?letzt(?:stück|teil)|"
     r"primera y [uú]ltima pieza|초·?종물"), (On.SHIFT_START, On.SHIFT_END)),
    (r"first ?[,/-] ?middle ?(?:[,/-]|,? and|&) ?last(?:[ -](?:piece|part|off))?|(?:每班)?首中末件?|首、中、末件?|초·?중·?종물?", (On.SHIFT_START, On.SHIFT_MIDDLE, On.SHIFT_END)),
    (r"(?:mid(?:dle)?[ -](?:of (?:the )?)?shift|schichtmitte|班中|mitad de turno)", (On.SHIFT_MIDDLE,)),
    (r"(?:first (?:piece|part) of (?:the |each )?day|daily first (?:piece|part)|每[日天]首件|erstes teil (?:des tages|am tag))", (On.FIRST_PIECE_OF_DAY,)),
    ((r"(?:(?:after|with) (?:the |each )?)?(?:first|1st)[ -]?/?(?: ?(?:piece|part|off|article))(?: (?:inspection|approval|check))?|fpi|ffpa|ffpi|fai|首件(?:检验|检查|确认)?|erststück|erstteil|"
     r"primera pieza|초물|초품"), (On.FIRST_PIECE,)),
    (r"(?:(?:after|with) (?:the |each )?)?last[ -](?:piece|part|off)|末件|letztstück|letztteil|[uú]ltima pieza|종물", (On.LAST_PIECE,)),
    (r"before (?:the )?(?:first part|part 1)(?: of (?:the |each |every )?shift)?|每班?生产第一件前|生产前", (On.FIRST_PART,)),
)  # fmt: skip

_AFTER: Final = (
    r"(?:(?:after|at|on|upon|each|every|per|with|nach|bei|jede[mrns]?|después de|tras|por|en|a|cada|매|每次)"
    r"(?: (?:each|every|any|a|the|jede[mrns]?|einem|cada|un|una))? ?)?"
)
_SAID_AFTER: Final = r"(?:(?:之)?后首件|(?:之)?后|时|首件| ?시| ?후)?"

_EVENTS: Final = {
    On.CHANGEOVER: r"change-? ?over|model change|type change|product change|umrüst(?:en|ung)|rüstwechsel|modellwechsel|typwechsel|"
    r"cambio de (?:modelo|referencia|producto)|换型|换产|转产|转线|换线|切换机型|机型切换|기종 ?변경",
    On.TOOL_CHANGE: r"tool change|change of tool|werkzeugwechsel|cambio de herramienta|换刀具?|刀具更换|更换刀具|공구 ?교체",
    On.MAINTENANCE: r"maintenance|repairs?|wartung|instandhaltung|reparatur|mantenimiento|维修|检修|设备维修|设备保养|정비|수리",
    On.RESTART: r"(?:line |machine )?re-?start|wiederanlauf|neustart|rearranque|重启|重新启动|停线|停机|재가동",
    On.PARAMETER_CHANGE: r"(?:process )?parameter change|change of (?:a )?parameters?|parameteränderung|cambio de par[aá]metros?|工艺参数(?:变更|更改|调整)|"
    r"参数(?:变更|更改|调整)|파라미터 변경",
    On.PROGRAM_CHANGE: r"program(?:me)? change|change of program(?:me)?|programmänderung|programmwechsel|cambio de programa|程序(?:变更|更改|切换)|프로그램 변경",
    On.MATERIAL_CHANGE: r"material change|change of material|materialwechsel|cambio de material|物料变更|材料变更|换料|자재 ?변경",
    On.SETUP: r"set-? ?up(?: change)?|einrichten|rüsten|puesta a punto|调机|调试|세팅",
    On.LOT: r"lot|batch|charge|los|lote|批次?|批|lot|로트",
    On.BYPASS_END: r"(?:end of )?bypass(?: end)?|旁路(?:解除|结束)|überbrückung",
    On.FAILED_CHECK: r"failed (?:check|verification)|验证失败|fehlgeschlagene[rn]? prüfung",
    On.RELOCATION: r"relocation|standortwechsel|搬迁|移位",
}
_NEEDS_AFTER: Final = frozenset({On.LOT, On.BYPASS_END, On.FAILED_CHECK, On.RESTART})
"""One word alone says nothing of a time: `lot` may be a size."""
_PREFIXED = _AFTER.removesuffix("?") + r"|매 ?|每个?|解除|한 "

EVENTS: Final[tuple[tuple[str, On], ...]] = tuple(
    (
        rf"(?:{_PREFIXED})(?:{words}){_SAID_AFTER}"
        + (rf"|(?:{words})(?:(?:之)?后首件|(?:之)?后|时)" if on is not On.LOT else "|每批次?首件")
        if on in _NEEDS_AFTER
        else rf"{_AFTER}(?:{words}){_SAID_AFTER}",
        on,
    )
    for on, words in _EVENTS.items()
)

NO_TRIGGER: Final = (
    rf"100 ?%(?: ?(?:inspection|check|of parts|检验|检查))?|continuous(?:ly)?|always|kontinuierlich|laufend|fortlaufend|continuo|连续|持续|全检|全数(?:检验)?|전수|"
    rf"(?:each ?/ ?every|{EVERY}) ?{PIECES}|all (?:parts|pieces)|alle teile|aql ?\d+(?:[.,]\d+)?|n ?= ?\d+(?: ?, ?n ?= ?\d+)?|"
    r"(?:as )?per sampling plan|as per aql|按?抽样(?:计划|方案)|(?:gemäß )?stichprobenplan|según plan de muestreo|[gs] ?\d ?/ ?\d+(?:\.\d+)?"
)
DEMAND: Final = r"(?:as|when|if) (?:required|needed)|on demand|按需|按需要|需要时|bei bedarf|nach bedarf|según necesidad|필요 ?시"

CALENDAR_PHRASES: Final[tuple[tuple[str, On], ...]] = (
    ((rf"(?:daily|every day|each day|per day|{ONCE} ?(?:{PER}) ?(?:day|tag|d[ií]a)|once daily|täglich|jeden tag|每[天日](?:一次|1次)?|[1一]次/[天日]|diario|diariamente|cada d[ií]a|"
     rf"1 ?회 ?/ ?일|일 ?1 ?회|매일|일){_AT}"), On.DAILY),
    ((rf"(?:weekly|every week|per week|{ONCE} ?(?:{PER}) ?(?:week|woche|semana)|wöchentlich|每周(?:一次|1次)?|[1一]次/周|semanal(?:mente)?|cada semana|주 ?1 ?회|매주)"
     rf"(?: ?(?:[(,])? ?(?:on |am |el |los )?{DAYS} ?\)?)?{_AT}"), On.WEEKLY),
    (rf"(?:every |each |on |am |jeden |cada |每){DAYS}{_AT}", On.WEEKLY),
    (rf"每(?P<days>(?:周|星期)[一二三四五六日天](?:[、和及,/](?:周|星期)?[一二三四五六日天])*){_AT}", On.WEEKLY),
    ((rf"(?:monthly|every month|per month|1 month|{ONCE} ?(?:{PER}) ?(?:month|monat|mes)|monatlich|每月(?:一次|1次)?|[1一]次/月|mensual(?:mente)?|cada mes|월 ?1 ?회|매월)"
     rf"(?:,? ?(?:on )?(?:the )?(?P<week>first|second|third|fourth|1st|2nd|3rd|4th) {DAYS}|,? ?(?:on |am )?(?:the |day )?(?P<day>\d{{1,2}})(?![:：.]?\d)(?:st|nd|rd|th|\.|日|号)?)?{_AT}"), On.MONTHLY),
    (rf"(?:quarterly|every quarter|once (?:a|per) quarter|{ONCE} ?/ ?quarter|vierteljährlich|quartalsweise|每季度?(?:一次|1次)?|trimestral|매분기|분기 ?1 ?회){_AT}", On.QUARTERLY),
    (rf"(?:yearly|annual(?:ly)?|every year|{ONCE} ?(?:{PER}) ?(?:year|jahr|año)|jährlich|每年(?:一次|1次)?|[1一]次/年|anual(?:mente)?|매년|연 ?1 ?회){_AT}", On.YEARLY),
)  # fmt: skip

MULTIPLES: Final = {"twice": "2x", "thrice": "3x", "zweimal": "2x", "dreimal": "3x"}
"""Words that say how often, and the form that is read."""

WEEKS: Final = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
}

EXAMPLES: Final = (
    "1/shift", "each shift", "start of shift", "2x per shift", "3/shift", "end of shift", "first and last piece", "first, middle, last",
    "daily at 06:00", "weekly on mon, thu", "monthly on 1", "monthly, first Monday", "quarterly", "yearly",
    "every 2 h", "hourly", "every 500 pcs", "1/500", "each setup", "after changeover", "after tool change", "after maintenance",
    "after restart", "after parameter change", "after program change", "after material change", "each lot", "each batch", "first piece",
    "last piece", "100%", "continuous", "each piece", "as per sampling plan", "on demand",
    "每班一次", "每班首件", "1次/班", "2次/班", "班末", "首末件", "首中末", "每天一次", "每日首件", "每周一次", "每周一、周四", "每月一次", "每季度",
    "每2小时", "每500件", "换型后", "换刀后", "维修后", "程序变更", "参数变更", "物料变更", "每批", "首件", "连续", "按需",
    "1x pro Schicht", "Schichtbeginn", "Schichtende", "alle 4 Std.", "stündlich", "nach Werkzeugwechsel", "nach jeder Parameteränderung",
    "Inicio de turno", "Inicio y fin de turno", "Cada hora", "Cada lote", "Cada 250 piezas",
    "1회/shift", "매 LOT", "일 1회", "매 시간", "기종 변경 시", "전수",
)  # fmt: skip
"""One of each kind, for messages and documentation."""
