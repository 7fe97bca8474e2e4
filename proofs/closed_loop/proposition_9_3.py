"""Proposition 9.3: a diffusion model as minimiser of the denoising residual; Gaussian data, where all is exact."""

from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st

from eqt_theory import Claim, Finding, Method, Reading, Run, Verdict, prove
from eqt_theory.core.finding import Replay, inconclusive
from eqt_theory.engines.exact import exact_replay
from eqt_theory.engines.exact.draw import rationals
from eqt_theory.engines.gram import Space
from eqt_theory.engines.property import property_check
from eqt_theory.engines.symbolic import derive

sigma, alpha, g, c, t = sp.symbols("sigma alpha g c t", positive=True)
v = sp.Symbol("v", nonnegative=True)
h, f, e, y = sp.symbols("h f e y", real=True)

claim = Claim(
    id="proposition-9.3",
    title="diffusion model as residual minimiser",
    source="Proposition 9, item 3",
    statement=(
        "With energy(h) = |h - D(h + sigma eps)|^2, D a denoiser and eps Gaussian noise, and K -> inf, the equilibrium "
        "transformer is a diffusion language model: what it returns is distributed as the data."
    ),
    readings=(
        Reading(
            "noise averaged",
            "The energy is the mean over the noise. For data N(0, 1) and its optimal denoiser, every sigma, gamma and "
            "stable alpha, from a proposal with the law of the data: the variance of h_K tends to 1.",
        ),
        Reading("noise fixed", "The same with one noise for all steps, independent of the proposal."),
        Reading("noise anew", "The same with a new noise in every step."),
    ),
    repair="proposition-9.3-repaired",
    remark=(
        "Minimising leads to the mode of the data, sampling to their law. With the noise averaged and gamma -> inf the "
        "variance goes to 0: from data it takes them all to their mean. Several sigma in turn change the speed only."
    ),
)


def denoiser(at: sp.Expr, variance: sp.Expr) -> sp.Expr:
    """E[x | x + sigma eps = at] for data x of mean 0 and this variance."""
    return variance / (variance + sigma**2) * at


def residual_energy(noise: sp.Expr) -> sp.Expr:
    """|h - D(h + sigma eps)|^2 for data N(0, 1) and one value of the noise."""
    return (h - denoiser(h + sigma * noise, sp.Integer(1))) ** 2


def averaged_energy() -> sp.Expr:
    """Its mean over the noise: E eps = 0, E eps^2 = 1."""
    by_power = sp.Poly(sp.expand(residual_energy(e)), e)
    moments = {0: 1, 1: 0, 2: 1}
    return sp.Add(*(value * moments[power] for (power,), value in by_power.terms()))


def step(energy: sp.Expr) -> sp.Expr:
    """Eq. 8."""
    return sp.expand(h - alpha * (sp.diff(energy, h) + g * (h - f)))


@dataclass(frozen=True)
class Linear:
    """h_{k+1} = keep h_k + pull f + kick eps."""

    keep: sp.Expr
    pull: sp.Expr
    kick: sp.Expr

    @classmethod
    def of(cls, energy: sp.Expr) -> "Linear":
        update = step(energy)
        return cls(*(sp.factor(update.coeff(symbol)) for symbol in (h, f, e)))

    def limit_variance(self, fresh: bool) -> sp.Expr:
        """As k -> inf for |keep| < 1, with var f = 1; the noise fixed, or new in each step."""
        rest = 1 - self.keep
        noise = self.kick**2 / (1 - self.keep**2) if fresh else (self.kick / rest) ** 2
        return sp.factor((self.pull / rest) ** 2 + noise)

    def stable(self) -> list[sp.Basic]:
        """|keep| < 1, so that the limit exists."""
        return [self.keep < 1, self.keep > -1]


averaged, noisy = Linear.of(averaged_energy()), Linear.of(residual_energy(e))


@claim.shows("data N(0, 1), optimal denoiser, all sigma, gamma and stable alpha", reading="noise averaged", quick=False)
def averaged_noise_keeps_the_variance() -> Finding:
    """The limit of the variance."""
    return prove(averaged.stable(), sp.Eq(averaged.limit_variance(False), 1), detail="the variance tends to 1")


@claim.shows("data N(0, 1), optimal denoiser, all sigma, gamma and stable alpha", reading="noise fixed")
def fixed_noise_keeps_the_variance() -> Finding:
    """The limit of the variance."""
    return prove(noisy.stable(), sp.Eq(noisy.limit_variance(False), 1), detail="the variance tends to 1")


@claim.shows("data N(0, 1), optimal denoiser, all sigma, gamma and stable alpha", reading="noise anew", quick=False)
def new_noise_keeps_the_variance() -> Finding:
    """The limit of the variance."""
    return prove(noisy.stable(), sp.Eq(noisy.limit_variance(True), 1), detail="the variance tends to 1")


Drawn = tuple[Fraction, Fraction, Fraction]  # sigma, g = 1/gamma, alpha
drawn_cases = st.tuples(rationals(Fraction(1, 2), 3), rationals(0, 1), rationals(Fraction(1, 10), Fraction(1, 2)))
STEPS = 200


def variances(case: Drawn, steps: int) -> list[Fraction]:
    """The variances of h_0, .., h_steps with the noise averaged: h_k = p_k f with p_0 = 1."""
    s2, damping, size = case[0] ** 2, case[1], case[2]
    share = s2 / (1 + s2)  # h - D(h) = share h
    factors = [Fraction(1)]
    for _ in range(steps):
        p = factors[-1]
        factors.append((p - size * (2 * share**2 * p + damping * (p - 1))).limit_denominator(10**12))
    return [p**2 for p in factors]


@claim.samples(
    "the same, run: 200 steps in fractions rounded to 1e-24; sigma and gamma drawn",
    reading="noise averaged",
    quick=False,
)
def averaged_noise_on_drawn_cases(run: Run) -> Finding:
    """The variance after many steps, within a factor of 2."""

    def replay(case: Drawn) -> Replay:
        s2, damping, size = case[0] ** 2, case[1], case[2]
        slope = 2 * (s2 / (1 + s2)) ** 2
        limit = (damping / (slope + damping)) ** 2
        return exact_replay(
            [
                ("|1 - alpha (b + g)| < 1, so the limit exists", abs(1 - size * (slope + damping)), "<", 1),
                ("alpha > 0", size, ">", 0),
            ],
            [("limit of the variance >= 1/2", limit, ">=", Fraction(1, 2))],
        )

    return property_check(
        drawn_cases,
        lambda case: not Fraction(1, 2) <= variances(case, STEPS)[-1] <= 2,
        replay=replay,
        run=run,
        examples=min(20, run.examples),
        describe=lambda case: dict(zip(("sigma", "1/gamma", "alpha"), case, strict=True)),
        detail="after 200 steps the variance lies in [1/2, 2]",
    )


of_the_denoiser = ("denoiser and score", "optimal denoiser", "minimum at the mean", "collapse")
independent = "uncorrelated jointly Gaussian variables are independent"
gaussian = "sums of independent Gaussian variables are Gaussian"
repaired = Claim(
    id="proposition-9.3-repaired",
    title="what samples, and what collapses",
    source="corrects Proposition 9, item 3",
    statement=(
        "For Gaussian data of mean 0 and variance c in each principal direction, no denoiser has a smaller mean square "
        "error than D(y) = c y/(c + sigma^2) = y + sigma^2 score(y). The averaged residual energy of D is minimal at "
        "the mean of the data, and Eq. 8 with gamma = inf multiplies the variance by (1 - 2 alpha sigma^4/(c + "
        "sigma^2)^2)^2 per step: where alpha sigma^4 < (c + sigma^2)^2, and only there, it goes to 0. What keeps the "
        "law of the data, for every sigma: add noise, denoise, and add noise of the lost variance c sigma^2/(c + "
        "sigma^2); a variance v then goes to c by the factor (c/(c + sigma^2))^2. Without the last noise it goes to "
        "c^2/(2 c + sigma^2) < c. Likewise h + t score(h) + sqrt(2 t - t^2/c) eps keeps N(0, c), 0 < t < 2 c."
    ),
    readings=(
        Reading(
            "stated",
            "For Gaussian data, direction by direction, every c, sigma and alpha; denoisers with a finite mean square.",
            parts=(*of_the_denoiser, "denoise and add noise", "both noises are needed", "score step"),
        ),
    ),
)


@repaired.shows("Gaussian data, every c and sigma", part="denoiser and score")
def denoiser_is_a_score_step() -> Finding:
    """Tweedie: D(y) = y + sigma^2 d/dy log p(y), y ~ N(0, c + sigma^2); and E[x | y] is the regression of x on y."""
    log_density = -(y**2) / (2 * (c + sigma**2))
    slope, conditional = sp.cancel(c / (c + sigma**2)), sp.cancel(c - c**2 / (c + sigma**2))
    return derive(
        [
            ("D(y) = y + sigma^2 score(y)", denoiser(y, c), y + sigma**2 * sp.diff(log_density, y)),
            ("D is the regression cov(x, y)/var(y) y", denoiser(y, c), slope * y),
            ("var(x | y) = c sigma^2/(c + sigma^2)", conditional, c * sigma**2 / (c + sigma**2)),
        ],
        "the optimal denoiser is a step of size sigma^2 along the score",
    )


# Random variables as vectors, <u, v> = E u v: clean data x, noise n, y = x + n, and another denoiser's answer `told`.
clean, noise, told = Space(("x", "n", "told")).vectors
observed = clean + noise
left = clean - denoiser(sp.Integer(1), c) * observed  # x - D(y)
moments = [sp.Eq(clean.norm2, c), sp.Eq(noise.norm2, sigma**2), sp.Eq(clean @ noise, 0)]


@repaired.shows(
    "every denoiser with a finite mean square, every c and sigma", part="optimal denoiser", cites=independent
)
def denoiser_is_optimal() -> Finding:
    """X - D(y) and y are uncorrelated, so independent as both are Gaussian, and E (x - D(y)) told(y) = 0."""
    return prove(
        [*clean.space.positive_semidefinite, *moments, sp.Eq(left @ told, 0)],
        [sp.Eq(left @ observed, 0), left.norm2 <= (clean - told).norm2],
        detail="E (x - D(y))^2 <= E (x - told)^2 for every function told of y, D(y) = c y/(c + sigma^2)",
    )


@repaired.shows("Gaussian data, every c and sigma", part="minimum at the mean")
def averaged_residual_is_least_at_the_mean() -> Finding:
    """Mean over the noise of |h - D(h + sigma eps)|^2 = (1 - a)^2 h^2 + a^2 sigma^2, a = c/(c + sigma^2)."""
    a = denoiser(sp.Integer(1), c)
    energy = (1 - a) ** 2 * h**2 + a**2 * sigma**2
    return prove(
        [sp.Eq(y, 0)],
        [energy >= energy.subs(h, y), sp.Equivalent(energy <= energy.subs(h, y), sp.Eq(h, 0))],
        detail="the averaged residual energy is least at the mean, h = 0, and only there",
    )


@repaired.shows("Gaussian data, every c and sigma, gamma = inf", part="collapse", quick=False)
def variance_collapses() -> Finding:
    """One step of Eq. 8 on the averaged energy: by the same factor, below 1 in the stable range and only there."""
    share = 1 - denoiser(sp.Integer(1), c)
    factor = 1 - alpha * sp.diff(share**2 * h**2, h, 2)
    return prove(
        [],
        [
            sp.Eq(factor * (c + sigma**2) ** 2, (c + sigma**2) ** 2 - 2 * alpha * sigma**4),
            sp.Equivalent(factor**2 < 1, alpha * sigma**4 < (c + sigma**2) ** 2),
        ],
        detail="each step multiplies the variance by the same factor, < 1 exactly for alpha sigma^4 < (c + sigma^2)^2",
    )


def renoised(variance: sp.Expr, before: sp.Expr, after: sp.Expr) -> sp.Expr:
    """The variance of D(h + before eps) + after eps', given that of h."""
    return denoiser(sp.Integer(1), c) ** 2 * (variance + before**2) + after**2


@repaired.shows("every c, sigma and starting variance", part="denoise and add noise", cites=gaussian)
def renoising_keeps_the_law() -> Finding:
    """The lost variance is added back: c stays, and any other variance approaches it."""
    lost = sp.sqrt(c * sigma**2 / (c + sigma**2))
    return prove(
        [],
        [
            sp.Eq(renoised(c, sigma, lost), c),
            sp.Eq(renoised(v, sigma, lost) - c, (c / (c + sigma**2)) ** 2 * (v - c)),
            (c / (c + sigma**2)) ** 2 < 1,
        ],
        detail="the variance minus c shrinks by (c/(c + sigma^2))^2 per step, for every sigma",
    )


@repaired.shows("Gaussian data, every c and sigma", part="both noises are needed", quick=False)
def sharpness_without_the_second_noise() -> Finding:
    """Without the noise after D the variance goes to another one; without either noise only 0 stays."""
    only_first, shrink = c**2 / (2 * c + sigma**2), (c / (c + sigma**2)) ** 2
    return prove(
        [],
        [
            sp.Eq(renoised(v, sigma, sp.Integer(0)) - only_first, shrink * (v - only_first)),
            shrink < 1,
            only_first < c,
            sp.Equivalent(sp.Eq(renoised(v, sp.Integer(0), sp.Integer(0)), v), sp.Eq(v, 0)),
        ],
        detail="without the second noise the variance settles at c^2/(2 c + sigma^2) < c, without both at 0",
    )


@repaired.shows("Gaussian data, every c, every t < 2 c", part="score step", quick=False, cites=gaussian)
def score_step_keeps_the_law() -> Finding:
    """H + t score(h) = (1 - t/c) h; the noise that keeps c, and no other."""
    size = sp.Symbol("size", nonnegative=True)
    after = (1 - t / c) ** 2 * v + size
    right = 2 * t - t**2 / c
    return prove(
        [t < 2 * c],
        [
            right > 0,
            sp.Equivalent(sp.Eq(after.subs(v, c), c), sp.Eq(size, right)),
            sp.Eq(after.subs(size, right) - c, (1 - t / c) ** 2 * (v - c)),
            (1 - t / c) ** 2 < 1,
        ],
        detail="noise of variance 2 t - t^2/c, and only that, keeps N(0, c)",
    )


@repaired.samples("4,000 states drawn from N(0, 1), sigma = 1, 30 steps, float64", part="collapse", quick=False)
def collapse_as_code(run: Run) -> Finding:
    """DenoiserResidual, its mean over the two noises +1 and -1 (first two moments right), under gradient descent."""
    import torch

    from eqt_theory import DenoiserResidual, GradientDescent, Objective, solve

    start = torch.randn(4000, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(run.seed))
    one = torch.ones(1, dtype=torch.float64)
    energy = 0.5 * DenoiserResidual(lambda x: x / 2, one, 1.0) + 0.5 * DenoiserResidual(lambda x: x / 2, -one, 1.0)
    found = solve(Objective(energy, start, 1e9), GradientDescent(0.5), tolerance=1e-30, max_steps=30)
    expected = (1 - 2 * 0.5 / 4) ** 60  # the factor of the variance after 30 steps
    ratio = float(found.h.var() / start.var())
    said = f"the variance fell to {ratio:.2e} of what it was; the formula says {expected:.2e}"
    if abs(ratio / expected - 1) > 1e-3:
        return inconclusive(Method.EXPERIMENT, said)
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, said, examples=len(start))
