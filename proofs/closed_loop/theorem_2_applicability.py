"""What Theorem 2 says about the paper's own energy: nothing as stated; something definite in its repaired form."""

from functools import cache

import sympy as sp
import torch
from torch import Tensor

import eqt_theory as eqt
from closed_loop.lemmas import energy
from eqt_theory import Claim, Finding, LocalCertificate, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine, inconclusive
from eqt_theory.engines.gram import Space
from eqt_theory.lemmas import direction, softmax

claim = Claim(
    id="theorem-2-applicability",
    title="Theorem 2 and the paper's energy",
    source="Theorem 2 and Assumption 4.2 put together with Eqs. 11 to 15",
    statement=(
        "No instance of the paper's energy with linear heads and a memory term meets Assumption 4.2, so Theorem 2 as "
        "stated says nothing about it. Something definite can be said where |grad energy(h)| <= G0 + P/|h|; for linear "
        "heads G0 = lambda_rev mean D + lambda_mask mean D + lambda_conf D (1 + ln V), D the largest distance of two "
        "rows of a head, and P = lambda_mem/tau. If |f| > gamma G0 and (|f| - gamma G0)^2 >= 4 gamma P, no step with "
        "alpha <= gamma leaves the ball of radius R = (|f| + gamma G0 - sqrt((|f| - gamma G0)^2 - 4 gamma P))/2 around "
        "f, which excludes 0; no smaller radius has this bound. For one instance, with the paper's weights and gamma = "
        "1, Phi with the argmax frozen is besides strongly convex on that ball, and each step contracts by max(|1 - "
        "alpha m|, |1 - alpha M|)."
    ),
    readings=(
        Reading(
            "stated",
            "The first part for all linear heads, memories, positive weights and mu > 0, where the memory term is "
            "defined; the second for every energy with such a bound and all parameters that meet the two inequalities; "
            "the third for the instance of this file alone.",
            parts=(
                "Theorem 2 never applies",
                "gradients",
                "memory along rays",
                "slope of the heads",
                "slope of the confidence",
                "slope of the memory",
                "ball is kept",
                "smallest radius",
                "instance",
            ),
        ),
    ),
    remark=(
        "The certificate is sufficient, not necessary: beyond largest_gamma refinement may still converge, but "
        "nothing here shows it. Where an argmax can change on the ball, it speaks of the frozen energy, a majoriser "
        "(equation-14-repaired)."
    ),
)

GAMMA = 1.0  # the paper's default
STEPS = 25


def rows(*values: list[float]) -> Tensor:
    """A float64 matrix."""
    return torch.tensor(values, dtype=torch.float64)


@cache
def instance() -> tuple[eqt.WeightedSum, Tensor]:
    """Four terms with the paper's weights, three classes, four tokens, two memories, d = 3; and the proposal."""
    reverse = eqt.LinearHead(rows([0.5, 0.0, -0.25], [-0.5, 0.25, 0.0], [0.0, -0.25, 0.5]))
    masked = eqt.LinearHead(rows([0.25, 0.5, 0.0], [0.0, -0.5, 0.25], [-0.25, 0.0, -0.5]))
    confidence = eqt.LinearHead(rows([0.75, 0.0, 0.0], [-0.5, 0.5, 0.0], [-0.25, -0.5, 0.25]))
    tokens = torch.tensor([0, 2, 1, 0])
    mask = torch.tensor([False, True, False, True])
    energy = eqt.paper_energy(
        eqt.ReversePrediction(reverse, tokens, window=4),
        eqt.MaskedPrediction(masked, tokens, mask),
        eqt.Confidence(confidence),
        eqt.EpisodicMemory(rows([1.0, 2.0, 0.0], [0.0, -1.0, 1.0]), tau=1.0),
    )
    return energy, torch.tensor([3.0, -1.0, 2.0], dtype=torch.float64)


def certificate(gamma: float = GAMMA) -> LocalCertificate:
    """The certificate of the instance."""
    return eqt.local_certificate(*instance(), gamma)


@claim.shows("every instance, every mu > 0", part="Theorem 2 never applies")
def no_instance_is_strongly_convex() -> Finding:
    """Two states far apart on a ray."""
    return energy.no_strong_convexity()


@claim.draws("Hessian of each term of the instance, and of their sum, at the proposal: none is strongly convex.")
def curvature_of_the_terms() -> object:
    from eqt_theory.report.plots import curvature_spectra

    energy, proposal = instance()
    terms = dict(zip(("reverse", "masked", "confidence", "memory"), energy.terms, strict=True))
    return curvature_spectra({**terms, "weighted sum": energy}, proposal, safe=-1 / GAMMA)


@claim.shows("all linear heads", part="gradients")
def gradients_are_bounded() -> Finding:
    """What the proof above asks of the terms other than the memory."""
    return energy.bounded_gradients()


@claim.shows("every memory term", part="memory along rays")
def memory_is_flat_along_rays() -> Finding:
    """What the proof above asks of the memory term."""
    return direction.show_direction_hessian()


@claim.shows("all linear heads, offsets and tokens", part="slope of the heads")
def slope_of_the_heads() -> Finding:
    """Of the reverse and the masked term: a mean of differences of rows."""
    return softmax.show_slope()


@claim.shows("all linear heads and V, the argmax frozen", part="slope of the confidence")
def slope_of_the_confidence() -> Finding:
    """Its gradient in the logits is p - e_i - q, q_j = p_j (log p_j + H), sum q = 0, so sum of q+ is at most ln V."""
    return bounded_slope(sp.Symbol("log_V", nonnegative=True))


def bounded_slope(spread: sp.Expr) -> Finding:
    """|<W^T (p - e_i - q), u>| <= D (1 + spread): both parts are differences of means of rows, the second `mass` times.

    The mass is the sum of q+, which is that of q-; it is at most ln V, as log p_j + H <= H <= ln V.
    """
    D, mass = sp.symbols("D mass", nonnegative=True)
    log_V = sp.Symbol("log_V", nonnegative=True)  # noqa: N806
    first, second = sp.symbols("first second", real=True)  # differences of two means of the numbers <w_j, u>
    return prove(
        [sp.Abs(first) <= D, sp.Abs(second) <= D, mass <= log_V],
        sp.Abs(first - mass * second) <= D * (1 + spread),
        detail="|grad L_conf| <= D (1 + ln V) for every frozen piece",
    )


@claim.shows("all memories, relevances and tau", part="slope of the memory")
def slope_of_the_memory() -> Finding:
    """1/(tau |h|)."""
    return direction.show_slope()


slope, pull, length, R, gamma, alpha = sp.symbols("G0 pull length R gamma alpha", positive=True)


@claim.shows("all parameters, alpha <= gamma, every dimension", part="ball is kept", quick=False)
def ball_is_invariant() -> Finding:
    """h+ - f = (1 - alpha/gamma)(h - f) - alpha grad energy(h), with |grad energy| <= G0 + pull/(|f| - R)."""
    return invariant([alpha <= gamma])


def invariant(step: list[sp.Basic]) -> Finding:
    """|h+ - f| <= R, for |h - f| <= R and |grad energy| <= size on the ball, gamma size <= R."""
    space = Space(("d", "D"))
    d, D = space.vectors
    size = sp.Symbol("size", nonnegative=True)  # G0 + pull/(|f| - R)
    return prove(
        [
            *space.positive_semidefinite,
            *step,
            gamma * size <= R,
            d.norm2 <= R**2,
            D.norm2 <= size**2,
            sp.Le(sp.Abs(d @ D), R * size),  # Cauchy and Schwarz
        ],
        ((1 - alpha / gamma) * d - alpha * D).norm2 <= R**2,
        detail="a step from the ball B(f, R) ends in it",
    )


@claim.shows(
    "all parameters with |f| > gamma G0 and (|f| - gamma G0)^2 >= 4 gamma lambda_mem/tau",
    part="smallest radius",
    quick=False,
)
def radius_exists() -> Finding:
    """The condition on R is a quadratic; its smaller root is the formula, and none smaller will do."""
    return smallest_radius((length - gamma * slope) ** 2 - 4 * gamma * pull)


def smallest_radius(discriminant: sp.Expr) -> Finding:
    """With root^2 = discriminant: R = (|f| + gamma G0 - root)/2 meets the condition, every smaller R fails it."""
    root, smaller = sp.Symbol("root", nonnegative=True), sp.Symbol("smaller", positive=True)
    radius = (length + gamma * slope - root) / 2

    def kept(at: sp.Expr) -> sp.Expr:  # gamma (G0 + pull/(length - R)) <= R, multiplied by length - R
        return (at - gamma * slope) * (length - at) >= gamma * pull

    return prove(
        [length > gamma * slope, discriminant >= 0, sp.Eq(root**2, discriminant), smaller < radius],
        [radius > 0, radius < length, kept(radius), sp.Not(kept(smaller))],
        detail="the ball of radius (|f| + gamma G0 - sqrt(...))/2 is kept, excludes 0, and no smaller one qualifies",
    )


@claim.shows("the instance, gamma = 1, best step size", part="instance", quick=False)
def instance_is_certified() -> Finding:
    """Radius, curvature and rate in fractions, rounded outwards."""
    found = certificate()
    if not found.holds:
        return inconclusive(Method.EXACT, f"no certificate: {found.reason}")
    largest = eqt.largest_gamma(*instance())
    same = "is the same" if found.same_argmax else "may change"
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"gamma = {GAMMA}: iterates stay within {found.radius:.6f} of f (|f| = 3.742), where {found.m:.6f} <= hess Phi "
        f"<= {found.M:.6f}; with alpha = {found.step_size:.6f} each step contracts by {found.rate:.6f}; certificates "
        f"up to gamma = {largest:.6f}; the argmax {same} on the ball",
        enclosures={"R": found.radius, "m": found.m, "M": found.M, "rate": found.rate, "largest gamma": largest},
    )


@claim.samples("the instance, gamma = 1, 25 steps in float64", part="instance", quick=False)
def instance_behaves_as_certified(run: Run) -> Finding:
    """Starts drawn in the ball: distance to f and to the equilibrium."""
    return observed(run, certificate())


def observed(run: Run, found: LocalCertificate) -> Finding:
    """Whether trajectories keep the radius and the rate of a certificate; they may break either."""
    if not found.holds or found.radius is None or found.rate is None or found.step_size is None or found.M is None:
        return inconclusive(Method.EXPERIMENT, f"no certificate: {found.reason}")
    f = instance()[1]
    objective = eqt.Objective(found.energy, f, found.gamma)
    star = eqt.solve(objective, eqt.GradientDescent(1 / found.M), tolerance=1e-12, max_steps=300).h
    generator = torch.Generator().manual_seed(run.seed)
    away = torch.randn(run.examples, len(f), generator=generator, dtype=torch.float64)
    h = f + found.radius * (1 - 1e-9) * away / away.norm(dim=-1, keepdim=True)
    h[0] = f
    farthest, slowest = 0.0, 0.0
    for _ in range(STEPS):
        after = h - found.step_size * objective.gradient(h)
        before, now = (h - star).norm(dim=-1), (after - star).norm(dim=-1)
        clear = before > 1e-6  # far above the rounding floor
        slowest = max(slowest, _largest((now / before)[clear]))
        farthest = max(farthest, _largest((after - f).norm(dim=-1)))
        h = after
    text = f"farthest from f {farthest:.6f} of {found.radius:.6f}, slowest step {slowest:.6f} of {found.rate:.6f}"
    lines = (
        ReplayLine("|h_k - f| <= R", farthest <= found.radius * (1 + 1e-12), f"{farthest} <= {found.radius}"),
        ReplayLine("|h_{k+1} - h*| <= rate |h_k - h*|", slowest <= found.rate + 1e-8, f"{slowest} <= {found.rate}"),
    )
    if all(line.holds for line in lines):
        return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, text, examples=run.examples)
    return Finding(
        Verdict.REFUTED,
        Method.EXPERIMENT,
        text,
        witness={"farthest": farthest, "slowest step": slowest, "seed": run.seed},
        replay=Replay(Arithmetic.FLOAT, (), lines),
        examples=run.examples,
    )


def _largest(values: Tensor) -> float:
    return float(values.max()) if values.numel() else 0.0
