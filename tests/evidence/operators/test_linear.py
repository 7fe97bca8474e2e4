from fractions import Fraction

import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from eqt_theory import (
    Affine,
    Ball,
    Box,
    FixedPoint,
    Method,
    UsageError,
    Verdict,
    WholeSpace,
    check_lipschitz,
    check_monotone,
)
from eqt_theory.evidence.operators.linear import matrix_of

D = torch.float64


def seeded(*shape, seed=0):
    return torch.randn(*shape, dtype=D, generator=torch.Generator().manual_seed(seed))


def inner(u, v):
    return sum((Fraction(a) * Fraction(b) for a, b in zip(u, v, strict=True)), Fraction(0))


@pytest.mark.parametrize("d", [1, 5, 40])
@pytest.mark.parametrize("domain", [Ball, WholeSpace])
def test_the_norm_is_decided_on_both_sides(d, domain):
    A = seeded(d, d)
    where = Ball([1.0] * d, 2.0) if domain is Ball else WholeSpace(d)
    norm = float(torch.linalg.matrix_norm(A, 2))
    assert check_lipschitz(A, norm * (1 + 1e-9), where).verdict is Verdict.CERTIFIED
    found = check_lipschitz(A, norm * (1 - 1e-9), where)
    assert (found.verdict, found.method) == (Verdict.REFUTED, Method.EXACT)
    gap = [Fraction(a) - Fraction(b) for a, b in zip(found.witness["x"], found.witness["y"], strict=True)]
    image = [inner(row, gap) for row in A.tolist()]
    assert inner(image, image) > Fraction(norm * (1 - 1e-9)) ** 2 * inner(gap, gap)
    assert where.contains(found.witness["x"]) and where.contains(found.witness["y"])


@pytest.mark.parametrize("d", [1, 5, 40])
def test_the_modulus_is_decided_on_both_sides(d):
    A = seeded(d, d) + 3 * torch.eye(d, dtype=D)
    least = float(torch.linalg.eigvalsh((A + A.T) / 2)[0])
    box = Box([-1.0] * d, [2.0] * d)
    assert check_monotone(A, least - 1e-8, box).verdict is Verdict.CERTIFIED
    found = check_monotone(Affine(A, seeded(d, seed=1)), least + 1e-8, box)
    assert (found.verdict, found.method) == (Verdict.REFUTED, Method.EXACT)
    gap = [Fraction(a) - Fraction(b) for a, b in zip(found.witness["x"], found.witness["y"], strict=True)]
    assert inner([inner(row, gap) for row in A.tolist()], gap) < Fraction(least + 1e-8) * inner(gap, gap)


def test_skew_maps_are_monotone_exactly():
    A = seeded(6, 6)
    skew = A - A.T
    assert check_monotone(skew, 0.0, WholeSpace(6)).verdict is Verdict.CERTIFIED
    assert check_monotone(skew, 1e-9, WholeSpace(6)).verdict is Verdict.REFUTED


@pytest.mark.parametrize("check", [check_lipschitz, check_monotone])
def test_a_complex_layer_is_no_map_of_real_states(check):
    """Its imaginary part was dropped, and what was left CERTIFIED."""
    layer = nn.Linear(2, 2, dtype=torch.complex128)
    assert matrix_of(FixedPoint(layer, 2)) is None
    with pytest.raises(UsageError, match="Linear"):
        check(layer, -9.0 if check is check_monotone else 9.0, Ball([0.0, 0.0], 1.0))
    blank = nn.Linear(2, 2, dtype=D)
    torch.nn.init.constant_(blank.bias, torch.inf)
    assert matrix_of(FixedPoint(blank, 2)) is None


def test_only_the_sides_along_which_a_box_extends_count():
    A = torch.diag(torch.tensor([0.5, 9.0], dtype=D))
    flat = Box([-1.0, 0.3], [1.0, 0.3])
    assert check_lipschitz(A, 0.5, flat).verdict is Verdict.CERTIFIED
    assert check_lipschitz(A, 0.5, Box([-1.0, 0.0], [1.0, 0.3])).verdict is Verdict.REFUTED
    assert check_monotone(-A, -0.5, flat).verdict is Verdict.CERTIFIED


def test_which_maps_are_seen_to_be_affine():
    layer = nn.Linear(3, 3).double()
    assert matrix_of(FixedPoint(layer)) is not None and matrix_of(FixedPoint(Affine(torch.eye(3)))) is not None
    assert matrix_of(FixedPoint(lambda h: layer(h))) is None
    prune.l1_unstructured(layer, "weight", 2)
    assert matrix_of(FixedPoint(layer)) is None
    hooked = nn.Linear(3, 3).double()
    hooked.register_forward_hook(lambda *_: torch.zeros(3, dtype=D))
    assert matrix_of(FixedPoint(hooked)) is None
