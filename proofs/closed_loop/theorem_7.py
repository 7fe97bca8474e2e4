"""Theorem 7: a sample complexity from the parameter count alone. What decides it is not in the statement."""

from fractions import Fraction
from itertools import product

import sympy as sp

from eqt_theory import Claim, Finding, Method, Reading, Relation, Verdict, prove
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine
from eqt_theory.engines.symbolic import derive

LARGEST = 8

claim = Claim(
    id="theorem-7",
    title="sample complexity in the parameter count",
    source="Theorem 7, Eq. 39",
    statement=(
        "O~((N / eps^2) log(1/delta)) samples suffice to learn to accuracy eps with confidence 1 - delta, N the "
        "number of parameters; the proof restricts the states to those of energy below a threshold, as to a smaller "
        "set."
    ),
    readings=(
        Reading(
            "parameters and nothing else",
            "The parameter count bounds no sample complexity by itself: one real parameter can realise every "
            "labelling of arbitrarily many points, and then no sample size suffices for every distribution. Whether "
            "the bound holds is decided by a bound on the capacity (range, precision, Lipschitz constant), of which "
            "nothing is said; the constants and logarithms in O~ are free besides.",
            Relation.UNDETERMINED,
            parts=(
                "up to eight points",
                "any number of points",
                "no sample size suffices",
                "low energy is no smaller set",
                "the unit disc",
            ),
        ),
    ),
    remark=(
        "The class sign(sin(w x)), w real, has N = 1. With x_i = 10^-i and w = pi (1 + sum (1 - b_i) 10^i) the "
        "label of x_i is + exactly where b_i = 1. So its VC dimension is infinite and the number of samples that "
        "Eq. 39 names for N = 1 cannot suffice. The key step fails too: the set {energy < tau} of a continuous "
        "energy is open, so it has the full dimension of the state space or is empty."
    ),
)


def parameter(labels: tuple[int, ...]) -> Fraction:
    """w/pi = 1 + sum (1 - b_i) 10^i, which gives x_i = 10^-i the label b_i."""
    return 1 + sum((Fraction(1 - b) * 10**i for i, b in enumerate(labels, 1)), Fraction(0))


def positive(turns: Fraction) -> bool | None:
    """Whether sin(pi t) > 0, exactly: by the parity of floor(t); None where it is 0."""
    if turns.denominator == 1:
        return None
    return (turns.numerator // turns.denominator) % 2 == 0


@claim.shows(
    "all 510 labellings of one to eight points, exactly",
    reading="parameters and nothing else",
    part="up to eight points",
)
def one_parameter_shatters_up_to_eight_points() -> Finding:
    """Every labelling of n points is realised by some w, in exact rationals."""
    count = 0
    for n in range(1, LARGEST + 1):
        points = [Fraction(1, 10**i) for i in range(1, n + 1)]
        for labels in product((0, 1), repeat=n):
            got = [positive(parameter(labels) * x) for x in points]
            wrong = [i for i, (label, sign) in enumerate(zip(labels, got, strict=True), 1) if sign is not bool(label)]
            if wrong:
                line = ReplayLine(f"sin(w 10^-{wrong[0]}) has the sign of label {labels[wrong[0] - 1]}", False)
                witness = {"labels": str(labels), "w/pi": parameter(labels)}
                replay = Replay(Arithmetic.EXACT, (), (line,))
                return Finding(Verdict.REFUTED, Method.EXACT, "a labelling is missed", witness=witness, replay=replay)
            count += 1
    return Finding(
        Verdict.CERTIFIED,
        Method.EXACT,
        f"sign(sin(w x)), one parameter, takes all 2^n labellings of x = 10^-1, ..., 10^-n for n = 1 to {LARGEST}",
        enclosures={"labellings realised": count, "points": LARGEST, "parameters": 1},
        examples=count,
    )


@claim.shows("every n and every labelling", reading="parameters and nothing else", part="any number of points")
def one_parameter_shatters_any_number_of_points() -> Finding:
    """The turns w x_i / pi are 10^-i + s_i + c_i + an even number.

    Here c_i = 1 - b_i and s_i is the sum of c_j 10^(j-i) over j < i.
    """
    s, c, x = sp.symbols("s c x", real=True)
    fraction = prove(
        [s >= 0, s <= sp.Rational(1, 9), sp.Or(sp.Eq(c, 0), sp.Eq(c, 1)), x > 0, x <= sp.Rational(1, 10)],
        [
            (s + c) / 10 >= 0,
            (s + c) / 10 <= sp.Rational(1, 9),
            x / 10 > 0,
            x / 10 <= sp.Rational(1, 10),
            s + x > 0,
            s + x < 1,
        ],
        detail="s_1 = 0 and s_{i+1} = (s_i + c_i)/10 stay in [0, 1/9], so 0 < 10^-i + s_i < 1, for every i",
    )
    if fraction.verdict is not Verdict.PROVED:
        return fraction
    r, a, b = sp.symbols("r a b", real=True)
    power = sp.Symbol("n", positive=True)
    k = sp.Symbol("k", integer=True)

    def turned(c: int) -> sp.Expr:
        """sin(pi (2k + c) + pi r) by the addition theorem; SymPy knows sine and cosine at multiples of pi."""
        whole = sp.pi * (2 * k + c)
        return sp.sin(whole) * sp.cos(sp.pi * r) + sp.cos(whole) * sp.sin(sp.pi * r)

    steps = [
        ("terms with j > i are even: 10^n = 2 (5 10^(n-1))", 10**power, 2 * 5 * 10 ** (power - 1)),
        ("addition theorem", sp.expand_trig(sp.sin(a + b)), sp.sin(a) * sp.cos(b) + sp.cos(a) * sp.sin(b)),
        ("b_i = 1: sin(pi (2k + 0 + r)) = sin(pi r)", turned(0), sp.sin(sp.pi * r)),
        ("b_i = 0: sin(pi (2k + 1 + r)) = -sin(pi r)", turned(1), -sp.sin(sp.pi * r)),
    ]
    signs = derive(steps, "the label is the parity of c_i, since sin(pi r) > 0 for 0 < r < 1")
    if signs.verdict is not Verdict.PROVED or signs.proof is None or fraction.proof is None:
        return signs
    return Finding(
        Verdict.PROVED,
        Method.SMT,
        f"{fraction.detail}; {signs.detail}: every labelling of 10^-1, ..., 10^-n is realised, for every n",
        proof=type(fraction.proof)(fraction.proof.obligations, signs.proof.identities, fraction.proof.satisfied_at),
        obligations=fraction.obligations,
    )


@claim.shows(
    "every learner and every sample size n",
    reading="parameters and nothing else",
    part="no sample size suffices",
    uses=one_parameter_shatters_any_number_of_points,
    cites="the mean error over all labellings is at least half of the unseen share",
)
def lemma_no_sample_size_suffices() -> Finding:
    """On 2n shattered points with fair random labels a learner errs on half of what it has not seen.

    Its mean error over labellings is (1 - 1/(2n))^n / 2 under the uniform distribution on the points, so some labelling
    of the class has at least that, whatever the learner.
    """
    n = sp.Symbol("n", positive=True)
    x = sp.Symbol("x", real=True)
    product_so_far = sp.Symbol("q", real=True)
    return prove(
        [x >= -1, n >= 1, product_so_far >= 1 + n * x],
        [product_so_far * (1 + x) >= 1 + (n + 1) * x, (1 + n * (-1 / (2 * n))) / 2 >= sp.Rational(1, 4)],
        detail=(
            "(1 + x)^n >= 1 + n x by induction (Bernoulli), so (1 - 1/(2n))^n / 2 >= 1/4: with n samples the error "
            "is at least 1/4 for some distribution that the class fits perfectly"
        ),
    )


@claim.shows(
    "every energy that is Lipschitz near a state of energy below tau, every dimension",
    reading="parameters and nothing else",
    part="low energy is no smaller set",
)
def low_energy_states_fill_a_ball() -> Finding:
    """{energy < tau} holds a whole ball around each of its points."""
    energy0, energy1, tau = sp.symbols("energy0 energy1 tau", real=True)
    lipschitz, distance = sp.symbols("lipschitz distance", positive=True)
    return prove(
        [energy0 < tau, sp.Abs(energy1 - energy0) <= lipschitz * distance, distance < (tau - energy0) / lipschitz],
        energy1 < tau,
        detail="a state of energy below tau lies in {energy < tau} with the whole ball of radius (tau - "
        "energy)/lipschitz",
    )


@claim.shows("energy = h1^2 + h2^2 with tau = 1", reading="parameters and nothing else", part="the unit disc")
def low_energy_states_hold_a_square() -> Finding:
    """An example: the unit disc holds a square of area 1, so it is two-dimensional."""
    h1, h2 = sp.symbols("h1 h2", real=True)
    half = sp.Rational(1, 2)
    return prove(
        [-half <= h1, h1 <= half, -half <= h2, h2 <= half],
        h1**2 + h2**2 < 1,
        detail="for energy = h1^2 + h2^2 the set {energy < 1} holds the square |h1|, |h2| <= 1/2 of area 1",
    )
