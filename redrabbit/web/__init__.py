"""The API and the pages for operator, quality engineer and auditor."""
