"""Explicit Runge–Kutta schemes as data."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ButcherTableau:
    r"""Coefficients of an explicit Runge–Kutta scheme.

    $$ k_i = f(x + h \sum_{j<i} a_{ij} k_j,\; t + c_i h), \qquad x(t + h) \approx x + h \sum_i b_i k_i $$

    Args:
        a: rows of \(a_{ij}\), the first row empty.
        b: weights \(b_i\).
        c: times \(c_i\).
        order: order of the scheme.
        b_embedded: weights of the scheme of lower order, whose difference from `b` estimates the error.
        dense: \(b_i(\theta)\) as coefficients of \(\theta, \theta^2, \dots\), one row a stage, for times inside a step.

    References:
        Hairer, Nørsett and Wanner (1993), Solving Ordinary Differential Equations I, Springer.

    Example:
        >>> heun = ButcherTableau(a=((), (1.0,)), b=(0.5, 0.5), c=(0.0, 1.0), order=2)
        >>> k = stages(lambda x, t: -x, state=1.0, time=0.0, dt=0.1, tableau=heun)
        >>> print(round(1.0 + combine(heun.b, k, 0.1), 6))  # the exponential of -.1, to second order
        0.905
    """

    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    c: tuple[float, ...]
    order: int
    b_embedded: tuple[float, ...] | None = None
    dense: np.ndarray | None = None


def _hermite(b: tuple[float, ...]) -> np.ndarray:
    """Cubic Hermite interpolation of a step whose last stage is the tendency at its end."""
    dense = np.outer(b, [0.0, 3.0, -2.0])
    dense[0] += [1.0, -2.0, 1.0]
    dense[-1] += [0.0, -1.0, 1.0]
    return dense


def _dopri5_dense() -> np.ndarray:
    # Hairer, Nørsett and Wanner (1993), program DOPRI5: the Hermite cubic plus h θ² (1 − θ)² Σ d_i k_i.
    d = [
        -12715105075 / 11282082432,
        0.0,
        87487479700 / 32700410799,
        -10690763975 / 1880347072,
        701980252875 / 199316789632,
        -1453857185 / 822651844,
        69997945 / 29380423,
    ]
    dense = np.pad(_hermite(_DOPRI5_B), [(0, 0), (0, 1)])
    return dense + np.outer(d, [0.0, 1.0, -2.0, 1.0])


def _tsit5_dense() -> np.ndarray:
    # Tsitouras (2011), Runge–Kutta pairs of order 5(4) satisfying only the first column simplifying assumption: each weight
    # is a constant times two quadratic factors of θ.
    factors = [
        (-1.0530884977290216, [1.0, 0.0], [1.0, -1.3299890189751412], [1.0, -1.4364028541716351, 0.7139816917074209]),
        (0.1017, [1.0, 0.0, 0.0], [1.0, -2.1966568338249754, 1.2949852507374631]),
        (2.490627285651252793, [1.0, 0.0, 0.0], [1.0, -2.38535645472061657, 1.57803468208092486]),
        (-16.54810288924490272, [1.0, 0.0, 0.0], [1.0, -1.21712927295533244], [1.0, -0.61620406037800089]),
        (47.37952196281928122, [1.0, 0.0, 0.0], [1.0, -1.203071208372362603], [1.0, -0.658047292653547382]),
        (-34.87065786149660974, [1.0, 0.0, 0.0], [1.0, -1.2], [1.0, -2.0 / 3.0]),
        (2.5, [1.0, 0.0, 0.0], [1.0, -1.0], [1.0, -0.6]),
    ]
    rows = []
    for constant, *polynomials in factors:
        product = np.array([constant])
        for polynomial in polynomials:
            product = np.polymul(product, polynomial)
        rows.append(np.pad(product, (5 - len(product), 0))[::-1][1:])  # there is no constant term
    return np.array(rows)


_BOSH3_B = (2 / 9, 1 / 3, 4 / 9, 0.0)
_DOPRI5_B = (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0.0)
_TSIT5_B = (
    0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774, 0.0,
)  # fmt: skip
_TSIT5_ERROR = (
    0.00178001105222577714, 0.0008164344596567469, -0.007880878010261995, 0.1447110071732629, -0.5823571654525552,
    0.45808210592918697, -1 / 66,
)  # fmt: skip

SCHEMES = {
    "euler": ButcherTableau(a=((),), b=(1.0,), c=(0.0,), order=1),
    "midpoint": ButcherTableau(a=((), (0.5,)), b=(0.0, 1.0), c=(0.0, 0.5), order=2),
    "heun": ButcherTableau(a=((), (1.0,)), b=(0.5, 0.5), c=(0.0, 1.0), order=2),
    "bosh3": ButcherTableau(
        a=((), (0.5,), (0.0, 0.75), _BOSH3_B[:3]),
        b=_BOSH3_B,
        c=(0.0, 0.5, 0.75, 1.0),
        order=3,
        b_embedded=(7 / 24, 1 / 4, 1 / 3, 1 / 8),
        dense=_hermite(_BOSH3_B),
    ),
    "rk4": ButcherTableau(
        a=((), (0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), b=(1 / 6, 1 / 3, 1 / 3, 1 / 6), c=(0.0, 0.5, 0.5, 1.0), order=4
    ),
    "rk4_38": ButcherTableau(
        a=((), (1 / 3,), (-1 / 3, 1.0), (1.0, -1.0, 1.0)),
        b=(1 / 8, 3 / 8, 3 / 8, 1 / 8),
        c=(0.0, 1 / 3, 2 / 3, 1.0),
        order=4,
    ),
    "dopri5": ButcherTableau(
        a=(
            (),
            (1 / 5,),
            (3 / 40, 9 / 40),
            (44 / 45, -56 / 15, 32 / 9),
            (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
            (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
            _DOPRI5_B[:6],
        ),
        b=_DOPRI5_B,
        c=(0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
        order=5,
        b_embedded=(5179 / 57600, 0.0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40),
        dense=_dopri5_dense(),
    ),
    "tsit5": ButcherTableau(
        a=(
            (),
            (0.161,),
            (-0.008480655492356989, 0.335480655492357),
            (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
            (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
            (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
            _TSIT5_B[:6],
        ),
        b=_TSIT5_B,
        c=(0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0),
        order=5,
        b_embedded=tuple(b - error for b, error in zip(_TSIT5_B, _TSIT5_ERROR, strict=True)),
        dense=_tsit5_dense(),
    ),
}


def scheme(name: str) -> ButcherTableau:
    """The scheme of this name.

    Raises:
        ValueError: no such scheme; the message lists the known ones.

    Example:
        >>> scheme("heun").b
        (0.5, 0.5)
    """
    if name not in SCHEMES:
        raise ValueError(f"`scheme` must be one of {', '.join(SCHEMES)}, found {name!r}.")
    return SCHEMES[name]


def stages(f, state, time, dt, tableau):
    r"""Tendencies \(k_i\) of all stages of one explicit step of size `dt` from `state` at `time`.

    `tableau.a` and `tableau.c` may be numbers, whose zeros are skipped, or tensors that are trained.
    """
    tendencies = []
    for row, c in zip(tableau.a, tableau.c, strict=True):
        tendencies.append(f(state + combine(row, tendencies, dt) if tendencies else state, time + c * dt))
    return tendencies


def combine(weights, tendencies, dt):
    r"""\(h \sum_i w_i k_i\), without the terms whose weight is the number zero."""
    terms = [w * k for w, k in zip(weights, tendencies, strict=False) if not (isinstance(w, float) and w == 0.0)]
    return dt * sum(terms[1:], terms[0])
