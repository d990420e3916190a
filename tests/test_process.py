"""What a process may have of its machine (D47)."""

import sys

import pytest

from redrabbit.process import MOST_OPEN_FILES, allowed_open_files


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_service_takes_all_the_open_files_that_it_may_have() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(before[1], MOST_OPEN_FILES) if before[1] >= 0 else MOST_OPEN_FILES
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        assert allowed_open_files() == most
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, before[1])
        assert allowed_open_files() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
