"""What a claim, a finding, a verdict, a domain and a ledger are. Pure Python: no torch, no prover."""
