from pathlib import Path

import pytest
from sample_certificates import CASES, POINT, SIGNS, SQUARE

from eqt_theory import kernel
from eqt_theory.core.certificate import Certificate, CertificateRejected
from eqt_theory.core.finding import Finding, Obligation, Proof
from eqt_theory.core.store import Store, current, keep, using
from eqt_theory.core.verdict import Method, Verdict


def _proved(*data: dict, point: dict | None = None) -> Finding:
    obligations = tuple(Obligation("c", d["text"], {}, certificate=Certificate(d)) for d in data)
    proof = Proof(obligations, satisfied_at={}, point=None if point is None else Certificate(point))
    return Finding(Verdict.PROVED, Method.SMT, "so it is", proof=proof, obligations=obligations)


def test_what_is_kept_is_found_by_its_exact_text(tmp_path: Path):
    assert (
        keep(tmp_path / "c", {"a": [_proved(SQUARE, point=POINT)], "b": [_proved(SQUARE, CASES)]}, all_claims=True) == 3
    )
    store = Store(tmp_path / "c")
    for data in (SQUARE, CASES, POINT):
        assert store.find(data["text"]) == Certificate(data)
    assert store.find(SIGNS["text"]) is None
    assert store.find(SQUARE["text"] + "; a comment\n") is None
    assert {f.name for f in (tmp_path / "c").iterdir()} == {"a.json", "b.json"}
    for file in (tmp_path / "c").iterdir():
        assert kernel.check(kernel.load(file))


def test_what_is_not_used_any_more_goes(tmp_path: Path):
    keep(tmp_path, {"a": [_proved(SQUARE)], "b": [_proved(CASES)]}, all_claims=True)
    keep(tmp_path, {"a": [_proved(SIGNS)]}, all_claims=False)
    store = Store(tmp_path)
    assert [store.find(d["text"]) is None for d in (SQUARE, CASES, SIGNS)] == [True, False, False]
    keep(tmp_path, {"a": [_proved(SIGNS)]}, all_claims=True)
    assert [f.name for f in tmp_path.iterdir()] == ["a.json"]


def test_the_store_is_the_one_of_the_run(tmp_path: Path):
    keep(tmp_path, {"a": [_proved(SQUARE)]}, all_claims=True)
    assert current() is None
    with using(tmp_path):
        store = current()
        assert store is not None and store.find(SQUARE["text"]) is not None
        with using(None):
            assert current() is None
    assert current() is None


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", '{"kind": "collection"}', '{"kind": "collection", "certificates": ["x"]}']
)
def test_a_broken_file_is_told(tmp_path: Path, content: str):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(CertificateRejected, match=r"a\.json"):
        Store(tmp_path).find("x")
    assert Store(tmp_path / "missing").find("x") is None
