from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import pytest
import torch
from fuzzing.calls import UNCHECKED, callables
from fuzzing.hostile import Unshowable
from torch import Tensor

import eqt_theory
from eqt_theory.core.annotated import (
    WORD,
    Count,
    Finite,
    Positive,
    Seed,
    Weight,
    Whole,
    checked,
    checked_number,
    is_checked,
    kind_of,
    shown,
)
from eqt_theory.core.errors import UsageError

if TYPE_CHECKING:
    from nowhere import Unknown  # pyright: ignore[reportMissingImports]


class Colour(Enum):
    RED = 1


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        (int, [0, -1, WORD - 1, np.int64(3)], [True, 0.5, "1", None, WORD, 10**5000, torch.tensor(1)]),
        (float, [0, 0.5, Fraction(1, 3), np.float32(1), torch.tensor(1.0)], ["1", True, 10**400, 1j, [1.0]]),
        (bool, [True, False], [0, 1, None, "x", np.True_]),
        (str, ["", "x"], [b"x", None, 1]),
        (int | None, [None, 3], [0.5, "x"]),
        (Count, [1, 2], [0, -1, 0.5, True]),
        (Whole, [0], [-1]),
        (Seed, [0, WORD - 1], [-1, None, "0", 0.0, WORD]),
        (Positive, [5e-324, 1], [0, -1.0, float("inf"), float("nan")]),
        (Weight, [0, 0.5], [-5e-324, float("inf"), float("nan")]),
        (Finite, [-1, 0.0], [float("inf"), float("nan"), "x"]),
        (Count | None, [None, 1], [0, "x"]),
        (Colour, [Colour.RED], [1, "RED"]),
        (Literal["a", None], ["a", None], ["b", 0]),
        (Tensor, [torch.ones(2), np.ones(2), [1.0], 1.0], ["x", None, {}, True]),
        ("float | Tensor", [1.0, torch.ones(2)], ["x", None]),
        (Sequence[float], [[1.0], (1,), np.ones(2), torch.ones(2)], ["x", 1.0, ["x"], {1.0}, [None]]),
        (Sequence[Colour], [[Colour.RED], ()], [["x"], np.ones(2)]),
        (tuple[str, ...], [("a",), ["a"], ()], ["a", (1,)]),
        (tuple[float, Colour], [(1.0, Colour.RED)], [(1.0,), (Colour.RED, 1.0), "ab"]),
        (Mapping[str, int], [{}, {"a": 1}], [{1: 1}, {"a": "x"}, [], None]),
        (Iterable[float], [[1.0], iter([1.0])], ["x", 1.0]),
        (Callable[[Tensor], Tensor], [len, torch.nn.Identity()], [None, "x"]),
        (type[Enum], [Colour], [Colour.RED]),
        (torch.dtype | str, [torch.float16, "cpu"], [1]),
    ],
)  # fmt: skip
def test_what_an_annotation_lets_pass(wanted: Any, good: list[Any], bad: list[Any]):
    @checked
    def call(value) -> Any:  # type: ignore[no-untyped-def]
        return value

    call.__wrapped__.__annotations__["value"] = wanted  # type: ignore[attr-defined]
    for value in good:
        assert call(value) is value or call(value) == value
        assert call(value=value) is value or call(value=value) == value
    for value in bad:
        with pytest.raises(UsageError, match="^value must be .*, got "):
            call(value)


def test_what_is_unknown_is_let_pass():
    @checked
    def call(a: "Unknown", b: Any, c, *d: int, e: object = None, **f: int) -> tuple[Any, ...]:  # type: ignore[no-untyped-def]
        return a, b, c, d, e, f

    assert call("x", "y", "z", "d", f="g") == ("x", "y", "z", ("d",), None, {"f": "g"})
    with pytest.raises(TypeError, match="missing"):
        call("x")  # type: ignore[call-arg]


def test_a_class_is_held_to_its_constructor_and_its_subclasses_too():
    @checked
    @dataclass(frozen=True)
    class Point:
        x: Positive
        name: "str" = "p"

    @dataclass(frozen=True)
    class Named(Point):
        colour: Colour = Colour.RED

    assert Point(1.0) == Point(1.0, "p") and is_checked(Point)
    with pytest.raises(UsageError, match="^x must be a positive finite number, got -1"):
        Point(-1)
    with pytest.raises(UsageError, match="^name must be a text, got 3"):
        Point(1.0, name=3)  # type: ignore[arg-type]
    assert Named(1.0, colour=Colour.RED).x == 1.0


def test_defaults_and_the_body_are_left_alone():
    @checked
    def call(a: int = None) -> int:  # type: ignore[assignment]
        """What it is."""
        return a

    assert call() is None and call.__doc__ == "What it is." and call.__name__ == "call"


def test_any_value_can_be_named():
    assert shown(Unshowable()) == "a value of type Unshowable that cannot be shown"
    assert "cannot be shown" in shown(10**5000)
    assert len(shown("x" * 1000)) < 120
    assert "\n" not in shown(torch.eye(3))
    with pytest.raises(UsageError, match="^n must be an integer of at least 1, got a value of type Unshowable"):
        checked_number("n", Unshowable(), Count)
    assert checked_number("n", 3, Count) == 3


def test_an_annotation_may_bring_a_range_of_its_own():
    class Even:
        words = "an even number"

        def holds(self, value: int) -> bool:
            return value % 2 == 0

    kind = kind_of(Annotated[int, Even()])
    assert kind is not None and kind.words == "an even number"
    assert kind.fits(2) and not kind.fits(3) and not kind.fits("x")


def test_every_public_name_is_checked():
    for name in sorted(callables() - UNCHECKED):
        assert is_checked(getattr(eqt_theory, name)), f"{name}: put @checked above it"


def test_a_class_where_an_object_of_it_is_meant_is_refused_although_it_can_be_called():
    for given, name in ((eqt_theory.bound_after, "bound_after"), (eqt_theory.certify_rate, "certify_rate")):
        arguments = (5, 0, 10) if name == "bound_after" else (1, 10)
        with pytest.raises(
            UsageError, match=r"solver must be a Solver .* or a function, got the class GradientDescent"
        ):
            given(eqt_theory.GradientDescent, *arguments)
