from itertools import count

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from geodl.layers.butcher_tableau import SCHEMES, combine, scheme, stages

PAIRS = [name for name, tableau in SCHEMES.items() if tableau.b_embedded is not None]
THETAS = np.linspace(0, 1, 11)
# Order of the embedded weights and of the interpolation inside a step.
EMBEDDED_ORDER = {"bosh3": 2, "dopri5": 4, "tsit5": 4}
DENSE_ORDER = {"bosh3": 3, "dopri5": 4, "tsit5": 4}


def matrix(tableau):
    a = np.zeros((len(tableau.b), len(tableau.b)))
    for i, row in enumerate(tableau.a):
        a[i, : len(row)] = row
    return a


def trees(order):
    """Rooted trees of this order, each a tuple of its subtrees: one order condition a tree (Hairer et al., II.2)."""
    if order == 1:
        return [()]
    forests = {0: [()]}
    for size in range(1, order):
        found = set()
        for part in range(1, size + 1):
            for subtree in trees(part):
                found |= {tuple(sorted((subtree, *rest))) for rest in forests[size - part]}
        forests[size] = sorted(found)
    return forests[order - 1]


def order_of(tree):
    return 1 + sum(map(order_of, tree))


def density(tree):
    return order_of(tree) * np.prod([density(subtree) for subtree in tree])


def weight(tree, a):
    return np.prod([np.ones(len(a)), *(a @ weight(subtree, a) for subtree in tree)], axis=0)


def conditions(order):
    return [tree for k in range(1, order + 1) for tree in trees(k)]


def residuals(b, a, order):
    return np.array([b @ weight(tree, a) - 1 / density(tree) for tree in conditions(order)])


def test_number_of_order_conditions_is_that_of_rooted_trees():
    assert [len(trees(k)) for k in range(1, 7)] == [1, 1, 2, 4, 9, 20]


@pytest.mark.parametrize("name", SCHEMES)
def test_shapes_agree_and_the_scheme_is_explicit(name):
    tableau = SCHEMES[name]
    assert len(tableau.a) == len(tableau.b) == len(tableau.c)
    assert [len(row) for row in tableau.a] == list(range(len(tableau.b)))


@pytest.mark.parametrize("name", SCHEMES)
def test_row_sums_are_the_times_of_the_stages(name):
    tableau = SCHEMES[name]
    np.testing.assert_allclose(matrix(tableau).sum(1), tableau.c, atol=5e-15)


@pytest.mark.parametrize("name", SCHEMES)
def test_order_conditions_hold_up_to_the_order_and_not_beyond(name):
    tableau = SCHEMES[name]
    a, b = matrix(tableau), np.array(tableau.b)
    assert abs(b.sum() - 1) < 1e-15
    # The coefficients of tsit5 are published to sixteen digits, those of the others are fractions.
    np.testing.assert_allclose(residuals(b, a, tableau.order), 0.0, atol=5e-14)
    assert np.abs(residuals(b, a, tableau.order + 1)).max() > 1e-5


@pytest.mark.parametrize("name", PAIRS)
def test_embedded_scheme_has_a_lower_order(name):
    tableau = SCHEMES[name]
    a, b = matrix(tableau), np.array(tableau.b_embedded)
    assert abs(b.sum() - 1) < 1e-15
    np.testing.assert_allclose(residuals(b, a, EMBEDDED_ORDER[name]), 0.0, atol=1e-14)
    assert np.abs(residuals(b, a, tableau.order)).max() > 1e-5


@pytest.mark.parametrize("name", PAIRS)
def test_last_stage_is_the_first_of_the_next_step(name):
    tableau = SCHEMES[name]
    np.testing.assert_array_equal(tableau.a[-1], tableau.b[:-1])
    assert (tableau.b[-1], tableau.c[-1]) == (0.0, 1.0)


def dense_weights(tableau, theta):
    return tableau.dense @ theta ** np.arange(1, tableau.dense.shape[1] + 1)


@pytest.mark.parametrize("name", PAIRS)
def test_dense_weights_end_at_the_weights_of_the_step_and_sum_to_theta(name):
    tableau = SCHEMES[name]
    np.testing.assert_allclose(dense_weights(tableau, 1.0), tableau.b, atol=1e-13)
    np.testing.assert_allclose([dense_weights(tableau, t).sum() for t in THETAS], THETAS, atol=1e-13)


@pytest.mark.parametrize("name", PAIRS)
def test_dense_weights_are_differentiable_across_steps(name):
    tableau = SCHEMES[name]
    slope = tableau.dense * np.arange(1, tableau.dense.shape[1] + 1)
    np.testing.assert_allclose(slope[:, 0], np.eye(len(tableau.b))[0], atol=1e-13)
    np.testing.assert_allclose(slope.sum(1), np.eye(len(tableau.b))[-1], atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_dense_weights_satisfy_the_order_conditions_inside_the_step(name):
    tableau = SCHEMES[name]
    a = matrix(tableau)
    for theta in THETAS:
        b = dense_weights(tableau, theta)
        for tree in conditions(DENSE_ORDER[name]):
            assert abs(b @ weight(tree, a) - theta ** order_of(tree) / density(tree)) < 1e-13, (theta, tree)


@pytest.mark.parametrize("name", PAIRS)
def test_dense_interpolation_shows_its_order_on_a_pendulum(name):
    tableau = SCHEMES[name]
    pendulum = lambda x, t: np.array([x[1], -np.sin(x[0])])  # noqa: E731
    start = np.array([1.0, 0.5])

    def interpolated(h, theta):
        return start + h * dense_weights(tableau, theta) @ np.array(stages(pendulum, start, 0.0, h, tableau))

    def exact(time):
        return solve_ivp(lambda t, x: pendulum(x, t), (0, time), start, "DOP853", rtol=1e-12, atol=1e-12).y[:, -1]

    # The error of one step, whose order is one more than that of the scheme.
    error = [max(np.linalg.norm(interpolated(h, t) - exact(h * t)) for t in (0.3, 0.5, 0.7)) for h in (1 / 16, 1 / 32)]
    assert np.log2(error[0] / error[1]) == pytest.approx(DENSE_ORDER[name] + 1, abs=0.1)


@pytest.mark.parametrize("name", SCHEMES)
def test_a_step_of_the_linear_equation_is_the_exponential_series(name):
    tableau = SCHEMES[name]
    step = 1.0 + combine(tableau.b, stages(lambda x, t: x, 1.0, 0.0, 0.1, tableau), 0.1)
    assert step == pytest.approx(np.exp(0.1), abs=0.1 ** (tableau.order + 1))


def test_stages_are_called_at_their_times():
    times = []
    stages(lambda x, t: times.append(t) or x, 1.0, 2.0, 0.5, scheme("dopri5"))
    np.testing.assert_allclose(times, 2.0 + 0.5 * np.array(scheme("dopri5").c))


def test_terms_with_a_zero_weight_are_left_out():
    # A zero times infinity would be NaN.
    assert combine((0.0, 1.0), [np.inf, 3.0], 0.5) == 1.5
    calls = count()
    stages(lambda x, t: next(calls), 0.0, 0.0, 1.0, scheme("midpoint"))
    assert next(calls) == 2


def test_unknown_scheme_lists_the_known_ones():
    with pytest.raises(ValueError, match="euler, midpoint, heun, bosh3, rk4, rk4_38, dopri5, tsit5, found 'rk5'"):
        scheme("rk5")
