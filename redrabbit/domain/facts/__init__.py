"""Facts: what the ledger's entries say, each noun with its record and its folds in one file (D22).

`catalogue` lists them all: that list is the ledger's dictionary. `fact` says what a fact and a record
are, `codec` how a fact becomes a payload and comes back. Nothing here reads a clock or a database.
"""
