"""The elementary functions that formulas are written with.

Plain Python, branch-free, on float64: LLVM turns each into packed instructions, which it cannot do for a call of
`math.exp` (no vector mathematics library comes with Numba). The CPU engine compiles the code below as it stands;
with the JIT off it runs as Python; the CUDA engine puts the device's own functions in its place
(`compile/cuda/device.py`).

Each is compiled without reassociation: `(x * LOG2E + MAGIC) - MAGIC` is the rounding to an integer and would be folded
away. The errors stated are the largest seen by `tests/test_elementary.py` against 50-digit arithmetic, rounded up;
that test holds them.
"""

import math

import numpy as np

LOG2E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # 33 bits, so that n * LN2_HIGH is exact for |n| < 2**20
LN2_LOW = 1.90821492927058770002e-10
MAGIC = 6755399441055744.0  # 1.5 * 2**52: adding it leaves the rounded integer in the low bits
MAGIC_64 = MAGIC + 64.0  # leaves the integer plus 64
TWO_TO_MINUS_64 = 2.0**-64
MAGIC_BITS = np.int64(0x4338000000000000)
BIAS = np.int64(1023)
MANTISSA = np.int64(52)

# (e**r - 1 - r) / r**2 on |r| <= ln(2)/2, minimax, relative error 4e-18
E0, E1, E2, E3, E4 = (
    0.5000000000000001022,
    0.16666666666666667453,
    0.041666666666624127873,
    0.0083333333333300618325,
    0.0013888888917213716901,
)
E5, E6, E7, E8, E9 = (
    0.00019841269863053616878,
    0.000024801521295954375131,
    2.7557268459997064772e-6,
    2.7620088445409748161e-7,
    2.5100385495510319078e-8,
)

# (atanh(s) * 2 - 2s) / s**3 in z = s**2, for a mantissa in [sqrt(1/2), sqrt(2)]
L0, L1, L2, L3 = 0.66666666666666696862, 0.3999999999989950449, 0.28571428625975484921, 0.22222211134795079855
L4, L5, L6 = 0.1818288912526172208, 0.15331721600556041269, 0.1461644968504340586

# the same on 0 <= s <= 1/3, for log(1 + u) with u in [0, 1]
P0, P1, P2, P3 = 0.66666666666666666886, 0.39999999999999522505, 0.28571428571600099292, 0.22222222198236770557
P4, P5, P6, P7 = 0.18181819897962714383, 0.15384543964860549287, 0.13335178631449255837, 0.1173427906130319746
P8, P9, P10 = 0.10845178394880014822, 0.074921437955507673008, 0.15630577800922850446

# (e**r - 1 - r) / r**2 on |r| <= ln(2)/2 in float32: Moshier's Cephes library, expf
S0, S1, S2, S3, S4, S5 = (
    np.float32(c)
    for c in (5.0000001201e-1, 1.6666665459e-1, 4.1665795894e-2, 8.3334519073e-3, 1.3981999507e-3, 1.9875691500e-4)
)
LOG2E_32, LN2_HIGH_32, LN2_LOW_32 = np.float32(LOG2E), np.float32(0.693359375), np.float32(-2.12194440e-4)
MAGIC_32 = np.float32(12582912.0)  # 1.5 * 2**23
MAGIC_BITS_32, BIAS_32, MANTISSA_32 = np.int32(0x4B400000), np.int32(127), np.int32(23)
ZERO_32, ONE_32, SMALLEST_32 = np.float32(0.0), np.float32(1.0), np.float32(-87.3)

INFINITY = math.inf
NAN = math.nan


def _power_of_two(shifted):
    """2**n from `n + MAGIC`, for -1022 <= n <= 1023."""
    exponent = np.float64(shifted).view(np.int64) - MAGIC_BITS + BIAS
    return np.int64(exponent << MANTISSA).view(np.float64)


def _remainder_series(r):
    """(e**r - 1) / r for |r| <= ln(2)/2."""
    p = E9 * r + E8
    p = p * r + E7
    p = p * r + E6
    p = p * r + E5
    p = p * r + E4
    p = p * r + E3
    p = p * r + E2
    p = p * r + E1
    p = p * r + E0
    return p * r + 1.0


def exp(x):
    """e**x within 1.3 ulp, 0 and inf at the ends, subnormal results included."""
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    n = (x * LOG2E + MAGIC) - MAGIC
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    # Two factors, since 2**n itself may lie outside the normal numbers; halving in floating point, because AVX2 has no
    # arithmetic right shift of 64-bit integers.
    half = n * 0.5 + MAGIC
    rest = (n - (half - MAGIC)) + MAGIC
    return ((_remainder_series(r) * r + 1.0) * _power_of_two(half)) * _power_of_two(rest)


def exp_negative(x):
    """e**x for x <= 0 within 1.3 ulp: a third cheaper, since one shifted power of two and a constant suffice."""
    x = -746.0 if x < -746.0 else x
    shifted = x * LOG2E + MAGIC_64
    n = shifted - MAGIC_64
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    return ((_remainder_series(r) * r + 1.0) * _power_of_two(shifted)) * TWO_TO_MINUS_64


def exp_negative_single(x):
    """e**x for x <= 0 in float32, with a relative error below 1.2e-7 for x >= -87.3; 0 where it would be subnormal."""
    shifted = x * LOG2E_32 + MAGIC_32
    n = shifted - MAGIC_32
    r = (x - n * LN2_HIGH_32) - n * LN2_LOW_32
    p = S5 * r + S4
    p = p * r + S3
    p = p * r + S2
    p = p * r + S1
    p = p * r + S0
    bits = np.float32(shifted).view(np.int32) - MAGIC_BITS_32 + BIAS_32
    power = np.int32(bits << MANTISSA_32).view(np.float32)
    return ZERO_32 if x < SMALLEST_32 else (p * (r * r) + (r + ONE_32)) * power


def expm1_negative(x):
    """e**x - 1 for x <= 0, within 2 ulp."""
    x = -708.0 if x < -708.0 else x
    shifted = x * LOG2E + MAGIC
    n = shifted - MAGIC
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    scale = _power_of_two(shifted)
    return _remainder_series(r) * r * scale + (scale - 1.0)


def log(x):
    """Natural logarithm within 2 ulp; -inf at 0, NaN below, subnormal arguments included."""
    tiny = x < 2.2250738585072014e-308
    scaled = x * 18014398509481984.0 if tiny else x  # 2**54
    bits = np.float64(scaled).view(np.int64)
    # so that the mantissa lies in [sqrt(1/2), sqrt(2)); the offset keeps the shifted number positive
    exponent = ((bits - 0x3FE6A09E667F3BCD + (1022 << MANTISSA)) >> MANTISSA) - 1022
    m = np.int64(bits - (exponent << MANTISSA)).view(np.float64)
    e = np.int64(exponent + MAGIC_BITS).view(np.float64) - MAGIC
    e = e - 54.0 if tiny else e
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    q = L6 * z + L5
    q = q * z + L4
    q = q * z + L3
    q = q * z + L2
    q = q * z + L1
    q = q * z + L0
    y = ((s + s) + (q * z * s + e * LN2_LOW)) + e * LN2_HIGH
    y = x if x == INFINITY else y
    y = -INFINITY if x == 0.0 else y
    return y if x >= 0.0 else NAN


def _log1p_series(z):
    """(2 atanh(s) - 2 s) / s**3 in z = s**2, where log(1 + u) = 2 atanh(s) for s = u / (2 + u)."""
    q = P10 * z + P9
    q = q * z + P8
    q = q * z + P7
    q = q * z + P6
    q = q * z + P5
    q = q * z + P4
    q = q * z + P3
    q = q * z + P2
    q = q * z + P1
    return q * z + P0


def log1p_unit(u):
    """log(1 + u) for u in [0, 1], within 2 ulp: half the work of `log1p`."""
    s = u / (2.0 + u)
    z = s * s
    return (s + s) + _log1p_series(z) * z * s


def log1p_lack(u):
    """(u - log(1 + u)) / u**2 for u in [0, 1], within 2 ulp: 1/2 at 0, where the difference itself would cancel.

    With s = u / (2 + u) and q(s**2) the series above, u - log(1 + u) = s u - s**3 q.
    """
    inverse = 1.0 / (2.0 + u)
    s = u * inverse
    return inverse - inverse * inverse * (s * _log1p_series(s * s))


def log1p(x):
    """log(1 + x) within 3 ulp: the logarithm of the rounded sum u and what rounding lost, divided by u.

    That is below 1e-16 where u is not exact, so it matters where u is near 1, and 2 - u is near enough to 1 / u: by a
    division it would take a quarter longer.
    """
    u = 1.0 + x
    y = log(u) + (x - (u - 1.0)) * (2.0 - u if u < 2.0 else 0.0)
    y = u if u == INFINITY else y
    return -INFINITY if u == 0.0 else y


def floor(x):
    """The largest integer <= x, as a float."""
    return np.floor(x)


def joined(p, q):
    """(1 + p)(1 + q) - 1, which loses no small term."""
    return p + (q + p * q)


def softplus(x):
    """log(1 + e**x) within 3 ulp, also where the result is tiny."""
    return (0.0 if x < 0.0 else x) + log1p_unit(exp_negative(-abs(x)))


def sigmoid(x):
    """1 / (1 + e**-x) within 3 ulp, also where the result is tiny."""
    e = exp_negative(-abs(x))
    return (1.0 if x > 0.0 else e) / (1.0 + e)


def tanh(x):
    """Hyperbolic tangent within 4 ulp, also at small arguments."""
    e = expm1_negative(-2.0 * abs(x))
    t = abs(e) / (2.0 + e)
    return -t if x < 0.0 else t


def at_least(low, x):
    """x, or `low` where x is below it; NaN stays NaN, which `max` does not promise on every target."""
    return low if x < low else x


def sign(x):
    """-1, 0 or 1; NaN for NaN."""
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else x)


def step(x, height):
    """`height` where x >= 0, 0 below; NaN for NaN."""
    return height if x >= 0.0 else (0.0 if x < 0.0 else x)


def weighed(w, x):
    """w * x, where 0 times infinity is 0: what has no weight adds nothing unless it is NaN."""
    return 0.0 if w == 0.0 and abs(x) == INFINITY else w * x


def unless_nan(x, y):
    """y, or NaN where x is NaN."""
    return y if abs(x) <= INFINITY else x
