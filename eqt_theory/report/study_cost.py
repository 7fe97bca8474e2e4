"""Tables and plots of what the arms of the repair study cost, and of when their refinement may stop."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eqt_theory.core.errors import UsageError
from eqt_theory.core.files import write_bytes
from eqt_theory.models.study.arm_cost import ArmCost
from eqt_theory.models.study.differences import NAMES
from eqt_theory.models.study.repaired import RepairArm
from eqt_theory.models.study.stopping import ALLOWED, BY_STEPS, Course, Rule, best_rule, end, enough

_COLOURS = (
    "#222222", "#009e73", "#0072b2", "#999999", "#d55e00", "#56b4e9", "#b07aa1", "#7b4173", "#bcbd22", "#8c6d31",
    "#cc79a7", "#e69f00", "#c7c7c7",
)  # fmt: skip
"""One of its own for every arm."""
Courses = Mapping[tuple[RepairArm, int], tuple[Course, Course]]
"""(arm, length) -> the courses of validation and of test sequences."""


def arm_cost_rows(costs: Sequence[ArmCost]) -> tuple[list[str], list[list[str]]]:
    """FLOPs per token and seconds per batch, each beside its ratio to the standard model's at that length.

    Args:
        costs: the standard model's first at each length.

    Returns:
        The header and the rows, as texts.
    """
    header = ["length", "arm", "K"]
    for of in ("inference", "training"):
        header += [f"{of} kFLOPs", "x", f"{of} ms", "x"]
    rows, base = [], None
    for cost in costs:
        if cost.arm is RepairArm.STANDARD:
            base = cost
        assert base is not None and base.length == cost.length
        counts = (cost.inference_flops / 1e3, cost.inference_seconds * 1e3)
        counts += (cost.training_flops / 1e3, cost.training_seconds * 1e3)
        flops, more_flops, time, more_time = cost.over(base)
        pairs = zip(counts, (flops, time, more_flops, more_time), strict=True)
        cells = [cell for count, ratio in pairs for cell in (f"{count:.1f}", f"{ratio:.2f}")]
        rows.append([str(cost.length), NAMES[cost.arm], "" if cost.steps is None else str(cost.steps), *cells])
    return header, rows


def returns_rows(courses: Courses) -> tuple[list[str], list[list[str]]]:
    """Accuracy in percent by K, and the first K with half and with 99 % of what the last gains over K = 0.

    Args:
        courses: of test sequences among them.

    Returns:
        The header and the rows, as texts.
    """
    header = ["arm", "length", *(f"K = {k}" for k in BY_STEPS), "half the gain at", "99 % of it at"]
    rows = []
    for (arm, length), (_, test) in courses.items():
        mean = test.right.mean(-1)
        found = [enough(test, share) for share in (0.5, 0.99)]
        rows.append([
            NAMES[arm], str(length), *(f"{100 * float(mean[k]):.2f}" if k < len(mean) else "" for k in BY_STEPS),
            *("-" if k is None else f"K = {k}" for k in found),
        ])  # fmt: skip
    return header, rows


def rule_rows(courses: Courses, rules: Sequence[Rule]) -> tuple[list[str], list[list[str]]]:
    """Steps and accuracy of every rule, and which of them validation sequences would choose.

    Args:
        courses: of validation and test sequences.
        rules: which.

    Returns:
        The header and the rows, as texts; a cell is "steps: accuracy", the chosen rule's in brackets.
    """
    header = ["rule", *(f"{NAMES[arm]}, length {length}" for arm, length in courses)]
    chosen = {place: best_rule(validation, rules) for place, (validation, _) in courses.items()}
    rows = []
    for rule in rules:
        cells = []
        for place, (_, test) in courses.items():
            found = end(test, rule)
            text = f"{found.mean_steps:.1f}: {100 * found.accuracy:.2f}"
            cells.append(f"[{text}]" if chosen[place] is rule else text)
        rows.append([rule.name, *cells])
    return header, rows


def rule_words(courses: Courses, rules: Sequence[Rule]) -> list[str]:
    """The rule of each arm and length that validation sequences choose, and what it brings on test sequences.

    Args:
        courses: of validation and test sequences.
        rules: which.

    Returns:
        Sentences.
    """
    said = []
    for arm in dict.fromkeys(arm for arm, _ in courses):
        parts = []
        for (mine, length), (validation, test) in courses.items():
            if mine is arm:
                rule = best_rule(validation, rules)
                found, most = end(test, rule), 100 * float(test.right[-1].mean())
                parts.append(
                    f"length {length}: {rule.name}, {found.mean_steps:.1f} steps, {100 * found.accuracy:.2f} % "
                    f"(K = {len(test.right) - 1}: {most:.2f} %)"
                )
        near = f"at most {100 * ALLOWED:g} points below the largest K on validation sequences"
        said.append(f"Fewest steps {near}, and what that brings on test sequences, {NAMES[arm]}: {'; '.join(parts)}.")
    return said


def plot_arm_costs(costs: Sequence[ArmCost], file: Path) -> Path:
    """Draw time in inference and training over the standard model's, against length, a line for each arm and K.

    Args:
        costs: the standard model's first at each length.
        file: its suffix is the format, svg or png.

    Returns:
        The file.

    Raises:
        UsageError: no costs, or another suffix.
    """
    if not costs:
        raise UsageError("a plot needs at least one cost, got none")
    figure, panels = _figure(2, 10.5)
    base = {cost.length: cost for cost in costs if cost.arm is RepairArm.STANDARD}
    lines: dict[tuple[RepairArm, int | None], list[ArmCost]] = {}
    for cost in costs:
        if cost.steps != 0:  # a model without steps costs what the standard one does
            lines.setdefault((cost.arm, cost.steps), []).append(cost)
    colours = dict(zip(RepairArm, _COLOURS, strict=True))
    styles = dict(zip(dict.fromkeys(steps for _, steps in lines), ("-", "--", ":", "-."), strict=False))
    for panel, which, title in zip(panels, (2, 3), ("inference", "training"), strict=True):
        for (arm, steps), mine in lines.items():
            label = NAMES[arm] if steps is None else f"{NAMES[arm]}, K = {steps}"
            ratios = [cost.over(base[cost.length])[which] for cost in mine]
            panel.plot([cost.length for cost in mine], ratios, marker="o", ms=3, lw=1.2, label=label,
                       color=colours[arm], ls=styles.get(steps, "-"))  # fmt: skip
        panel.set(xscale="log", yscale="log", xlabel="length", ylabel="time over the standard model's", title=title)
        panel.set_xticks(sorted(base), [str(length) for length in sorted(base)])
        panel.set_yticks((1, 2, 5, 10, 20), ("1", "2", "5", "10", "20"))
        panel.minorticks_off()
    panels[-1].legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return _save(figure, file)


def plot_stopping(courses: Courses, rules: Sequence[Rule], file: Path) -> Path:
    """Draw accuracy against steps for each arm and length, the chosen rule a star.

    Args:
        courses: of validation and test sequences.
        rules: to choose from.
        file: its suffix is the format, svg or png.

    Returns:
        The file.

    Raises:
        UsageError: no courses, or another suffix.
    """
    if not courses:
        raise UsageError("a plot needs at least one course, got none")
    arms = list(dict.fromkeys(arm for arm, _ in courses))
    figure, panels = _figure(len(arms), 4.2 * len(arms))
    for panel, arm in zip(panels, arms, strict=True):
        for (mine, length), (validation, test) in courses.items():
            if mine is not arm:
                continue
            (line,) = panel.plot(100 * test.right.mean(-1), label=f"length {length}")
            found = end(test, best_rule(validation, rules))
            panel.plot([found.mean_steps], [100 * found.accuracy], "*", ms=10, color=line.get_color())
        panel.set_xscale("symlog", linthresh=1)
        panel.set(xlabel="steps; star: the chosen rule", ylabel="accuracy, %", title=NAMES[arm])
        panel.legend(frameon=False)
    return _save(figure, file)


def _figure(columns: int, width: float) -> tuple[Any, list[Any]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 3.8), layout="constrained")
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def _save(figure: Any, file: Path) -> Path:
    if file.suffix not in (".svg", ".png"):
        raise UsageError(f"a plot must be an .svg or .png file, got {file.name}")
    import matplotlib as mpl

    from eqt_theory.report.plots.style import drawn

    # Same numbers, same bytes.
    with mpl.rc_context({"svg.hashsalt": "study", "svg.fonttype": "none"}):
        metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
        return write_bytes(file, drawn(figure, file.suffix[1:], metadata, 150))
