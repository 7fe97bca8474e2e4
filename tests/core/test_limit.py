import contextlib
import signal
import threading
import time

import pytest

from eqt_theory.core.limit import TooLong, limited


def test_what_ends_in_time_is_left_alone_and_the_alarm_is_put_back():
    before, left = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]
    with limited(5000, "it"):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 4000
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL)[0] <= left


def test_no_except_exception_keeps_it():
    with pytest.raises(TooLong, match=r"the loop did not end within 0\.05 s"), limited(0.05, "the loop"):
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)


def test_a_limit_inside_of_another_leaves_the_outer_one():
    with pytest.raises(TooLong, match="outer"), limited(0.2, "outer"):
        with pytest.raises(TooLong, match="inner"), limited(0.02, "inner"):
            time.sleep(10)
        time.sleep(10)


def test_in_another_thread_nothing_happens():
    done: list[bool] = []

    def work() -> None:
        with limited(1e-4, "it"):
            time.sleep(0.01)
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
