"""Files to values, or all problems at once with their places (D14)."""
