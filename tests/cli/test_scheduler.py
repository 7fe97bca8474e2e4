"""Checks on a Dask cluster of this machine; left out where Dask is not installed."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")

LEAVES = """
import os
@claim.shows("all")
def leaves() -> Finding:
    os._exit(0)
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    off = {"dashboard_address": None, "worker_dashboard_address": None}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, **off) as made:
        yield made.scheduler_address


def test_the_ledger_is_the_same_as_here(cli: Callable, sample_claims: Path, address: str):
    texts = []
    for given in ([], ["--scheduler", address]):
        outcome = cli("verify", "--proofs", sample_claims, "--json", "-", *given)
        assert outcome.status == 0, outcome.err
        texts.append(re.sub(r'"seconds": [-+.e0-9]+', "", json.dumps(json.loads(outcome.out)["claims"])))
    assert texts[0] == texts[1]


def test_nobody_at_the_address_is_a_usage_error(cli: Callable, sample_claims: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("eqt_theory.cli.scheduler._WAIT", 0.5)
    for wrong in ("tcp://127.0.0.1:1", "nonsense://x"):
        assert cli("verify", "--proofs", sample_claims, "--scheduler", wrong).status == 2


def test_workers_of_several_threads_are_refused(cli: Callable, sample_claims: Path):
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, worker_dashboard_address=None
    ) as made:
        outcome = cli("verify", "--proofs", sample_claims, "--scheduler", made.scheduler_address)
    assert outcome.status == 2
    assert "--nthreads 1" in outcome.err
