"""Reports of a ledger: console, JSON, SMT-LIB files. Reads findings, judges nothing."""
