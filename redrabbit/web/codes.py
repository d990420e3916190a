"""Every code that an answer can carry, for programs: the API's list of what can be refused.

A code never changes its meaning and is never used again for another. A test holds the product to
this list: a refusal that is not in it, and a code that nothing raises, both fail.
"""

from collections.abc import Mapping
from typing import Final

REFUSALS: Final[Mapping[str, int]] = {
    "alarm_already_acknowledged": 409,
    "already_stopped": 409,
    "already_stopped_production": 409,
    "containment_closed": 409,
    "containment_not_to_reverify": 409,
    "cross_site_request": 403,
    "entry_damaged": 503,
    "form_expired": 403,
    "form_too_large": 413,
    "form_unreadable": 422,
    "host_not_allowed": 400,
    "instant_out_of_range": 422,
    "key_used_before": 409,
    "ledger_damaged": 409,
    "line_has_no_records": 409,
    "network_not_trusted": 403,
    "no_run": 409,
    "no_such_alarm": 404,
    "no_such_check": 404,
    "no_such_containment": 404,
    "no_such_entry": 404,
    "no_such_line": 404,
    "no_such_occurrence": 404,
    "no_such_page": 404,
    "no_such_part": 404,
    "no_such_pause": 404,
    "no_such_run": 404,
    "no_such_signals": 404,
    "no_such_station": 404,
    "no_such_step": 404,
    "not_a_cursor": 422,
    "not_a_date": 422,
    "not_a_time": 422,
    "not_now": 409,
    "not_permitted": 403,
    "nothing_scanned": 422,
    "occurrence_decided": 409,
    "occurrence_not_open": 409,
    "occurrence_under_way": 409,
    "operator_name_reserved": 422,
    "operator_required": 422,
    "other_station": 409,
    "part_already_quarantined": 409,
    "part_already_released": 409,
    "part_already_retired": 409,
    "part_already_unreleased": 409,
    "part_expired": 409,
    "part_is_out": 409,
    "part_not_missing": 409,
    "part_quarantined": 409,
    "part_retired": 409,
    "part_unreleased": 409,
    "part_worn_out": 409,
    "pause_ends_before_it_begins": 422,
    "pause_is_over": 409,
    "pause_too_long": 422,
    "reason_required": 422,
    "reason_too_long": 422,
    "run_closed": 409,
    "station_busy": 409,
    "station_no_data": 409,
    "station_tells_presented": 409,
    "step_already_done": 409,
    "text_character": 422,
    "text_marks": 422,
    "text_missing": 422,
    "text_too_long": 422,
    "wrong_part": 409,
    "wrong_part_back": 409,
}
"""What the rules, the forms and the access refuse, each with the HTTP status of its answer."""

FAILURES: Final = (
    "http_error",
    "internal_error",
    "invalid_request",
    "method_not_allowed",
    "not_found",
    "records_damaged",
    "store_trouble",
)
"""What HTTP, the form of the request, the records or a bug answer with."""

CODES: Final = tuple(sorted({*REFUSALS, *FAILURES}))
