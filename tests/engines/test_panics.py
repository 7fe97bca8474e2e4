import os
import threading

import pytest

import eqt_theory as eqt
from eqt_theory.engines.panics import unless_it_panics


class PanicException(BaseException):
    pass


def panic():
    os.write(2, b"\nthread '<unnamed>' panicked at cone.rs:1:\nEigval error\nstack backtrace:\n  0: begin\n")
    raise PanicException("Eigval error")


def test_what_a_panic_says_is_kept_from_the_user(capfd):
    assert unless_it_panics(panic) is None
    os.write(2, b"after\n")
    assert capfd.readouterr() == ("", "after\n")


def test_what_others_say_is_not_lost(capfd):
    assert unless_it_panics(lambda: os.write(2, b"a warning\n")) == 10
    assert capfd.readouterr().err == "a warning\n"

    def warned():
        os.write(2, b"a warning\n")
        panic()

    unless_it_panics(warned)
    assert capfd.readouterr().err == "a warning\n"
    with pytest.raises(ValueError, match="mine"):
        unless_it_panics(lambda: (_ for _ in ()).throw(ValueError("mine")))


def test_threads_share_the_standard_error(capfd):
    inside, leave = threading.Event(), threading.Event()

    def slow():
        inside.set()
        leave.wait(10)

    first = threading.Thread(target=unless_it_panics, args=(slow,))
    first.start()
    inside.wait(10)
    assert unless_it_panics(panic) is None
    leave.set()
    first.join()
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_a_panic_of_the_true_solver_is_silent(capfd):
    """The eigenvalues of this program are not numbers: its class is narrow, and the run ends at h*."""
    eqt.bound_after(eqt.GradientDescent(0.2), 3, 5, 5 * (1 + 2**-44))
    assert capfd.readouterr() == ("", "")


def test_a_process_without_a_standard_error(tmp_path):
    before = os.dup(2)
    try:
        os.close(2)
        assert unless_it_panics(lambda: 1) == 1
    finally:
        os.dup2(before, 2)
        os.close(before)
