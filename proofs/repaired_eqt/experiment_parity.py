"""The study of the repaired models on parity: what its recorded runs show, in exact fractions, and a run made again."""

import statistics
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from eqt_theory import WHOLE, Claim, Finding, Method, Reading, Run, Verdict
from eqt_theory.core.errors import UsageError
from eqt_theory.core.finding import Arithmetic, Replay, ReplayLine, inconclusive
from eqt_theory.models.study.choice import Choice
from eqt_theory.models.study.comparison import student
from eqt_theory.models.study.paired import NAMES, WANTED_SEEDS
from eqt_theory.models.study.repaired import RepairArm, RepairRun, kept_runs

DATA = Path(__file__).with_name("data") / "parity"
"""Every run of the study as `eqt-theory study parity` wrote it, and the choice of lambda gamma."""
MOVING = (RepairArm.CAUSAL, RepairArm.RIDGE)
WEAKER = (
    RepairArm.STANDARD, RepairArm.LOSSES, RepairArm.EQT, RepairArm.FROZEN, RepairArm.THREE, RepairArm.FOUR,
    RepairArm.LOOP2, RepairArm.LOOP4,
)  # fmt: skip
"""Every control that is a transformer and carries nothing on between positions."""

claim = Claim(
    id="repair-on-parity",
    title="what the recorded runs on parity show",
    source="`eqt-theory study parity`, the runs in data/parity",
    statement=(
        "In the recorded runs (sequences of 16 bits, two layers of width 32, ten paired seeds) the causal game at "
        "K = 8, with ridge terms and without, is more accurate than the same model with frozen couplings, than the "
        "standard model, than that with the paper's losses, than the paper's own refinement, than three and four "
        "layers and than blocks run two and four times: the 95 % intervals of the paired differences lie above 0. On "
        "average it is not more accurate than the scan, which computes the equilibrium of the quadratic game, nor than "
        "a GRU."
    ),
    readings=(
        Reading(
            "of the record",
            "A statement about these runs and no others: each is consistent, was made with lambda gamma as chosen on "
            "validation sequences of other seeds, and every arm has all the seeds.",
            parts=("record", "moves information", "no better than a scan"),
        ),
    ),
    remark=(
        "One size, one training budget, one task. Student's intervals miss one time in twenty. That gated linear "
        "recurrences solve parity is known (arXiv:2411.12537, arXiv:2502.07827). `eqt-theory study parity --show "
        "--folder proofs/repaired_eqt/data` prints tables and sentences."
    ),
)


@cache
def record() -> tuple[tuple[RepairRun, ...], Choice]:
    """The recorded runs, those seeds that all arms have; a UsageError where they are not one consistent study."""
    return whole(kept_runs(DATA, "parity"), Choice.load(DATA))


def whole(runs: Sequence[RepairRun], choice: Choice | None) -> tuple[tuple[RepairRun, ...], Choice]:
    """The runs of the seeds that all arms have, if they are one study."""
    if choice is None or {run.key for run in runs} != {choice.key}:
        raise UsageError("the runs and the choice of lambda gamma are not of one study")
    wrong = [(run.arm.name, run.seed) for run in runs if run.weight != choice.weight(run.arm)]
    if wrong or {run.seed for run in runs} & set(choice.seeds):
        raise UsageError(f"runs with another lambda gamma than the chosen one, or of a seed that chose it: {wrong}")
    seeds = set.intersection(*({run.seed for run in runs if run.arm is arm} for arm in RepairArm))
    if len(seeds) < WANTED_SEEDS:
        raise UsageError(f"the record must hold at least {WANTED_SEEDS} whole seeds, got {len(seeds)}")
    return tuple(run for run in runs if run.seed in seeds), choice


def right(runs: Sequence[RepairRun], arm: RepairArm) -> dict[int, Fraction]:
    """Accuracy at the arm's own K by seed, exact."""
    return {run.seed: Fraction(run.right[run.steps.index(run.answer)], run.positions) for run in runs if run.arm is arm}


def gaps(runs: Sequence[RepairRun], first: RepairArm, second: RepairArm) -> list[Fraction]:
    """First less second, seed by seed."""
    one, other = right(runs, first), right(runs, second)
    return [one[seed] - other[seed] for seed in sorted(one)]


def mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def above_zero(values: Sequence[Fraction]) -> bool:
    """Whether the 95 % interval of the mean lies above 0: mean > 0 and n mean^2 > t^2 variance, in fractions."""
    n, middle = len(values), mean(values)
    variance = sum(((v - middle) ** 2 for v in values), Fraction(0)) / (n - 1)
    quantile = Fraction(str(student(n)))  # rounded up, so the interval is not too short
    return middle > 0 and n * middle**2 > quantile**2 * variance


def said(values: Sequence[Fraction]) -> str:
    return f"{100 * float(mean(values)):+.2f} on average over {len(values)} seeds"


def weigh(lines: Sequence[tuple[str, bool, str]], detail: str) -> Finding:
    """CERTIFIED when every line `(text, holds, numbers)` holds in exact fractions, else REFUTED at those that fail."""
    failing = {text: numbers for text, holds, numbers in lines if not holds}
    if not failing:
        return Finding(
            Verdict.CERTIFIED, Method.EXACT, detail, enclosures={text: numbers for text, _, numbers in lines}
        )
    replay = Replay(Arithmetic.EXACT, (), tuple(ReplayLine(*line) for line in lines))
    first = "; ".join(f"{text}: {numbers}" for text, numbers in list(failing.items())[:2])
    return Finding(Verdict.REFUTED, Method.EXACT, f"{detail}: fails for {first}", witness=failing, replay=replay)


@claim.shows("all recorded runs", part="record")
def record_is_one_study() -> Finding:
    """One key, the chosen lambda gamma, tested seeds apart from those that chose it, whole seeds."""
    runs, choice = record()
    seeds = sorted({run.seed for run in runs})
    detail = f"{len(runs)} runs of {len(seeds)} seeds, every arm, with lambda gamma as chosen on seeds {choice.seeds}"
    return weigh([("whole seeds", len(runs) == len(seeds) * len(RepairArm), f"{seeds}")], detail)


@claim.shows("all recorded runs; exact fractions, Student's quantile rounded up", part="moves information")
def moving_information_helps() -> Finding:
    return helps(record()[0])


def helps(runs: Sequence[RepairRun]) -> Finding:
    """Each repaired arm less each weaker control."""
    lines = []
    for arm in MOVING:
        for control in WEAKER:
            values = gaps(runs, arm, control)
            lines.append((f"{NAMES[arm]} less {NAMES[control]}", above_zero(values), said(values)))
    return weigh(lines, "the 95 % intervals lie above 0")


@claim.shows("all recorded runs; exact fractions", part="no better than a scan")
def scan_is_as_good() -> Finding:
    return as_good(record()[0])


def as_good(runs: Sequence[RepairRun]) -> Finding:
    """The scan and the GRU on average against each repaired arm."""
    lines = []
    for control in (RepairArm.SCAN, RepairArm.GRU):
        for arm in MOVING:
            values = gaps(runs, control, arm)
            lines.append((f"{NAMES[control]} less {NAMES[arm]}", mean(values) >= 0, said(values)))
    return weigh(lines, "the scan and the GRU are on average as accurate as the causal game, or more so")


ACCURACY = 0.02
"""How far the accuracy of a run made again may be off: processors round differently, and training magnifies that."""


@claim.samples("one recorded run of the causal arm, made again", part=WHOLE, quick=False)
def a_run_made_again(run: Run) -> Finding:
    """Training takes some ten seconds on an idle core."""
    from eqt_theory.models.study.repaired import TASKS, RepairSettings, run_arm

    runs, _ = record()
    mine = sorted((old for old in runs if old.arm is RepairArm.CAUSAL), key=lambda old: old.seed)
    old = mine[run.seed % len(mine)]
    return same(old, run_arm(RepairSettings(), TASKS["parity"], old.arm, old.seed, old.weight))


def same(old: RepairRun, new: RepairRun) -> Finding:
    """SUPPORTED where the run has the record's settings and size, and nearly its first loss and accuracy."""
    text = (
        f"{NAMES[old.arm]}, seed {old.seed}: {100 * new.accuracy:.2f} %, first loss {new.losses[0]:.4f}; on record "
        f"{100 * old.accuracy:.2f} %, {old.losses[0]:.4f}"
    )
    close = abs(new.accuracy - old.accuracy) <= ACCURACY and abs(new.losses[0] / old.losses[0] - 1) < 0.05
    if (new.key, new.parameters, new.positions) != (old.key, old.parameters, old.positions) or not close:
        return inconclusive(Method.EXPERIMENT, f"the record is stale: {text}")
    return Finding(Verdict.SUPPORTED, Method.EXPERIMENT, text, examples=1)


@claim.draws("Accuracy by K on the recorded runs: what moves on helps; the frozen control does not move.")
def accuracy_by_steps() -> object:
    from eqt_theory.report.plots import chart, look

    runs, _ = record()
    figure, (panel,) = chart(6.4, 3.8)
    with look():
        for arm in (*MOVING, RepairArm.JOINT, RepairArm.FROZEN, RepairArm.SCAN):
            mine = [run for run in runs if run.arm is arm]
            k = mine[0].steps
            panel.plot(
                range(len(k)), [100 * statistics.fmean(r.at(x) for r in mine) for x in k], "o-", label=NAMES[arm]
            )
            panel.set_xticks(range(len(k)), [str(x) for x in k])
        panel.set_xlabel("K at test")
        panel.set_ylabel("accuracy, %")
        panel.legend()
    return figure
