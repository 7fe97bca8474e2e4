"""When to stop a coupled refinement: accuracy by K and by rule, at several lengths; rules chosen on validation data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from eqt_theory.models.coupled import CoupledTransformer
from eqt_theory.models.study.tasks.sequences import Sequences

MOST = 128
BY_STEPS = (0, 1, 2, 4, 8, 16, 32, 64, 128)
ALLOWED = 0.001
"""How much accuracy a rule may lose against the largest K and still count as good enough."""


@dataclass(frozen=True)
class Course:
    """A refinement of some sequences, step by step.

    Args:
        right: share of right predictions, shape (K + 1, B).
        moved: the step over the states, `|h_k - h_(k-1)|/|h_k|` of a whole sequence, shape (K + 1, B); infinite at 0.
        bound: certified distance to the equilibrium, shape (K + 1, B).
        changed: predictions that differ from those a step before, shape (K + 1, B); all at 0.
    """

    right: Tensor
    moved: Tensor
    bound: Tensor
    changed: Tensor


@dataclass(frozen=True)
class Rule:
    """A rule that ends the refinement of each sequence for itself.

    Args:
        name: in tables.
        done: a path -> whether it would end there, bool, shape (K + 1, B).
    """

    name: str
    done: Callable[[Course], Tensor]


RULES = (
    *(Rule(f"K = {k}", lambda path, k=k: _from(path, k)) for k in BY_STEPS),
    *(Rule(f"certified distance below {e:g}", lambda path, e=e: path.bound <= e) for e in (3.0, 1.0, 0.3, 0.1, 0.01)),
    *(Rule(f"relative step below {e:g}", lambda path, e=e: path.moved < e) for e in (0.1, 0.03, 0.01, 1e-3, 1e-5)),
    Rule("no prediction changes in a step", lambda path: path.changed == 0),
    Rule("none changes in two steps", lambda path: _twice(path.changed == 0)),
)
"""Fixed K; what `stop_error` does; Sec. 5.3.1; and what the predictions themselves say."""


@dataclass(frozen=True)
class Ended:
    """What a rule brings.

    Args:
        rule: its name.
        mean_steps: per sequence.
        accuracy: share of positions predicted rightly.
    """

    rule: str
    mean_steps: float
    accuracy: float


@torch.no_grad()
def follow(model: CoupledTransformer, data: Sequences, most: int = MOST) -> Course:
    """Refine and note what the rules ask for.

    Args:
        model: trained, in evaluation mode, refining by its own steps.
        data: some sequences.
        most: K at most.

    Returns:
        The Course.
    """
    f = model.propose(data.tokens)
    rule = model.steps(f)
    bound = model.distance_bound(f)
    h, predicted = f, model.predict(f).argmax(-1)
    rows = [[_share(predicted, data)], [torch.full((len(f),), torch.inf)], [bound(h)], [torch.ones(len(f))]]
    states = rule.states()
    for _ in range(most):
        new = next(states)
        found = model.predict(new).argmax(-1)
        moved = (new - h).flatten(1).norm(dim=-1) / new.flatten(1).norm(dim=-1)
        for row, value in zip(
            rows,
            (_share(found, data), moved, bound(new), (found != predicted).double().mean(-1)),
            strict=True,
        ):
            row.append(value)
        h, predicted = new, found
    right, moved, bounds, changed = (torch.stack([value.double().cpu() for value in row]) for row in rows)
    return Course(right, moved, bounds, changed)


def end(path: Course, rule: Rule) -> Ended:
    """What a rule brings on a path; where it never ends a sequence, the last step does.

    Args:
        path: the refinement.
        rule: which.

    Returns:
        The Ended.
    """
    done = rule.done(path).clone()
    done[-1] = True
    first = done.double().argmax(0)
    accuracy = path.right.gather(0, first.unsqueeze(0)).mean()
    return Ended(rule.name, float(first.double().mean()), float(accuracy))


def best_rule(path: Course, rules: Sequence[Rule] = RULES, allowed: float = ALLOWED) -> Rule:
    """The rule with the fewest steps among those that are as accurate as the largest K, or nearly.

    Args:
        path: of validation sequences.
        rules: to choose from.
        allowed: how much accuracy may be lost.

    Returns:
        The rule; the first of equals.
    """
    wanted = float(path.right[-1].mean()) - allowed
    good = [(found.mean_steps, i) for i, rule in enumerate(rules) if (found := end(path, rule)).accuracy >= wanted]
    return rules[min(good)[1]]


def enough(path: Course, share: float) -> int | None:
    """Diminishing returns: the first K with that share of what the last one gains over K = 0.

    Args:
        path: of a refinement.
        share: from 0 to 1.

    Returns:
        K; None where the last step gains nothing.
    """
    mean = path.right.mean(-1)
    gain = float(mean[-1] - mean[0])
    if not gain > 0:
        return None
    return int((mean - mean[0] >= share * gain - 1e-12).double().argmax())


def _share(predicted: Tensor, data: Sequences) -> Tensor:
    return (predicted == data.targets).double().mean(-1)


def _from(path: Course, k: int) -> Tensor:
    places = torch.arange(len(path.right)).unsqueeze(-1)
    return (places >= k).expand_as(path.right)


def _twice(still: Tensor) -> Tensor:
    before = torch.cat([torch.zeros_like(still[:1]), still[:-1]])
    return still & before
