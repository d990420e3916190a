"""Control plans as plants keep them: read from their own spreadsheets, judged cell by cell (issue of the control plan)."""
