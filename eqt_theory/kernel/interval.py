"""Intervals whose ends are whole multiples of 2^-128, rounded outward.

The result of an operation holds what the operation gives for any numbers of its operands. Functions come from series
with what these leave out; both of them grow, so the ends of an interval are enough.

  exp y = T_0 with T_n = 1 + T_(n+1) y/(n + 1), as T_n is the sum of y^j n!/(n + j)!; for |y| <= 1 and n >= 1 it is in
          [1 - 1/n, 1 + 1/n], as the term after the first j is at most 1/(n + 1)^j. Else exp x = (exp(x/2^k))^(2^k).
  log x = k log 2 + 2 artanh z with x = 2^k m, 1 <= m < 2, z = (m - 1)/(m + 1) in [0, 1/3]; artanh z = z S_0 with
          S_n = 1/(2n + 1) + z^2 S_(n+1) in [0, 1] for n >= 1, as it is at most (1/3)/(1 - 1/9). log 2 = 2 artanh(1/3).
"""

from eqt_theory.kernel.reading import need

Interval = tuple[int, int]
"""The ends in units of 2^-128."""

_BITS = 128
ONE = 1 << _BITS
_MOST = ONE << 4096


def down(p: int, q: int) -> int:
    """p/q, q > 0, in units of 2^-128, rounded down."""
    return (p << _BITS) // q


def up(p: int, q: int) -> int:
    """Likewise, rounded up."""
    return -((-p << _BITS) // q)


def plus(x: Interval, y: Interval) -> Interval:
    """The sum."""
    return x[0] + y[0], x[1] + y[1]


def minus(x: Interval) -> Interval:
    """The negative."""
    return -x[1], -x[0]


def times(x: Interval, y: Interval) -> Interval:
    """The product."""
    ends = (x[0] * y[0], x[0] * y[1], x[1] * y[0], x[1] * y[1])
    low, high = min(ends) >> _BITS, -(-max(ends) >> _BITS)
    need(low > -_MOST and high < _MOST, "a number is too large")
    return low, high


def over(x: Interval, y: Interval) -> Interval:
    """The quotient; rejects a divisor that may be 0."""
    if y[1] < 0:
        x, y = minus(x), minus(y)
    need(y[0] > 0, "a divisor may be 0")
    return min(down(x[0], y[0]), down(x[0], y[1])), max(up(x[1], y[0]), up(x[1], y[1]))


def power(x: Interval, k: int) -> Interval:
    """x^k for k >= 1, which grows with x for odd k and with |x| for even k."""
    if k % 2 == 0:
        x = (max(0, x[0], -x[1]), max(-x[0], x[1]))
    low = high = (ONE, ONE)
    for _ in range(k):
        low, high = times(low, (x[0], x[0])), times(high, (x[1], x[1]))
    return low[0], high[1]


def exp(x: Interval) -> Interval:
    """The exponential."""
    return _exp(x[0])[0], _exp(x[1])[1]


def _exp(x: int) -> Interval:
    halvings = max(0, abs(x).bit_length() - _BITS)
    need(halvings < 12, "an exponent is too large")
    y, e = (x >> halvings, -(-x >> halvings)), (0, 2 * ONE)
    for n in range(36, 0, -1):
        low, high = times(y, e)
        e = (ONE + low // n, ONE - (-high // n))
    for _ in range(halvings):
        e = times(e, e)
    return e


def log(x: Interval) -> Interval:
    """The logarithm; rejects numbers that may not be positive."""
    need(x[0] > 0, "a logarithm of a number that may not be positive")
    return _log(x[0])[0], _log(x[1])[1]


def _log(x: int) -> Interval:
    k = x.bit_length() - 1
    low, high = _artanh(x - (1 << k), x + (1 << k))
    return (k - _BITS) * _LOG2[k < _BITS] + 2 * low, (k - _BITS) * _LOG2[k >= _BITS] + 2 * high


def _artanh(p: int, q: int) -> Interval:
    """Of p/q in [0, 1/3]."""
    z, s = (down(p, q), up(p, q)), (0, ONE)
    z2 = times(z, z)
    for n in range(40, -1, -1):
        s = plus(times(z2, s), (down(1, 2 * n + 1), up(1, 2 * n + 1)))
    return times(z, s)


_LOG2 = times((2 * ONE, 2 * ONE), _artanh(1, 3))
