"""How figures are told: in the benchmark's own report, and as lines a person can read."""

import os
from collections.abc import Mapping
from typing import Any


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that at least `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]


def median(values: list[float]) -> float:
    """Return the middle value."""
    return percentile(values, 0.5)


def report(benchmark: Any, title: str, figures: Mapping[str, object]) -> None:
    """Keep the figures in the benchmark's report and print them, with the machine's load."""
    told = dict(figures) | {"load_1_min": round(os.getloadavg()[0], 1)}
    benchmark.extra_info.update(told)
    print(f"\n{title}: " + ", ".join(f"{name} {value}" for name, value in told.items()))  # noqa: T201  because the figures are what the run is for
