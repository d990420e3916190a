from tests.config.verdict_table import COMMAND, FILE, printed


def test_the_printed_table_is_this_one() -> None:
    same = FILE.exists() and FILE.read_text(encoding="utf-8") == printed()
    assert same, f"run {COMMAND}"
