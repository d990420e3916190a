"""The rules of error-proofing verification as values and pure functions.

Standard library only: no await, no clock, no randomness, no log, no third-party import. `now` is
always an argument (architecture.md, idea 1).
"""
