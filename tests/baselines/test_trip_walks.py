import numpy as np
import pytest
import tensorflow_probability as tfp

from geodl.baselines import CorrelatedWalk, HiddenMarkovWalk, OrnsteinUhlenbeckWalk, TripBootstrap
from geodl.baselines.trip_walk import returning_walk, steps_and_turns
from geodl.trips import closed_trips, trips_dataset

COLONY = (-77.264, -11.773)
WALKS = (CorrelatedWalk, OrnsteinUhlenbeckWalk, HiddenMarkovWalk, TripBootstrap)


def trips(count=40, steps=100, seed=0):
    """Loops with steps of about 600 m a minute."""
    random = np.random.default_rng(seed)
    durations = random.integers(30, steps - 2, size=count)
    draw = lambda step: (random.gamma(20.0, 30.0, count), random.vonmises(0, 20.0, count))  # noqa: E731
    positions = returning_walk(durations, (2.0, np.pi), 600.0, draw, random)
    return trips_dataset(positions[:, :steps], COLONY, 60, lengths=durations + 1, birds=[f"B{i % 5}" for i in range(count)])


@pytest.mark.parametrize("walk", WALKS)
def test_trips_leave_and_return_and_are_the_same_for_the_same_seed(walk):
    ds = trips()
    model = walk().estimate(ds)
    found = model.sample(50, seed=3)
    assert dict(found.sizes) == {"trip": 50, "step": ds.sizes["step"] + 1} and found.attrs["featureType"] == "trajectory"
    assert found.attrs["step_seconds"] == 60 and (found.attrs["colony_lon"], found.attrs["colony_lat"]) == COLONY
    last = found.mask.sum("step") - 1
    for end in (0, last):
        np.testing.assert_allclose(np.hypot(found.x.isel(step=end), found.y.isel(step=end)), 0, atol=1e-6)
    assert found.x.notnull().equals(found.mask)
    np.testing.assert_array_equal(found.x, model.sample(50, seed=3).x)
    assert not np.array_equal(found.x, model.sample(50, seed=4).x)


@pytest.mark.parametrize("walk", WALKS)
def test_durations_are_those_of_the_birds(walk):
    ds = trips(200)
    found = walk().estimate(ds).sample(2000).mask.sum("step").values
    assert np.median(found) == pytest.approx(np.median(ds.mask.sum("step")), rel=0.15)


@pytest.mark.parametrize("walk", [CorrelatedWalk, HiddenMarkovWalk])
def test_steps_are_as_long_as_those_of_the_birds(walk):
    ds = trips(200)
    mine, real = (steps_and_turns(closed_trips(part, 100))[0] for part in (walk().estimate(ds).sample(200), ds))
    assert np.nanmedian(mine) == pytest.approx(np.nanmedian(real), rel=0.05)


def test_a_walk_without_turns_goes_straight_and_returns_in_time():
    durations = np.array([20, 40])
    positions = returning_walk(durations, (1e6, 0.0), 1.0, lambda step: (np.ones(2), np.zeros(2)), np.random.default_rng(0))
    np.testing.assert_allclose(positions[0, :10, 0], np.arange(10), atol=0.1)
    assert not positions[0, 20:].any() and not positions[1, 40:].any()
    # The last step is not much longer than the others.
    assert np.hypot(*positions[1, 39]) < 2.5


def hidden_markov_steps(count=60, steps=80, seed=0):
    """Steps and turns of two states, with laws that are far apart: (trip, step), and the states."""
    random = np.random.default_rng(seed)
    state = np.zeros((count, steps), int)
    for step in range(1, steps):
        switch = random.random(count) < np.where(state[:, step - 1] == 0, 0.05, 0.10)
        state[:, step] = np.where(switch, 1 - state[:, step - 1], state[:, step - 1])
    length = random.gamma(np.choose(state, [2.0, 30.0]), np.choose(state, [50.0, 25.0]))
    turn = random.vonmises(0.0, np.choose(state, [0.5, 20.0]))
    return length, turn, state


def fitted_states(length, turn, states=2):
    """A walk whose states are fitted to steps and turns from a random direction."""
    heading = np.concatenate([np.zeros((len(turn), 1)), turn.cumsum(axis=1)], axis=1)
    lengths = np.concatenate([np.full((len(turn), 1), 100.0), length], axis=1)
    steps = lengths[..., None] * np.stack([np.cos(heading), np.sin(heading)], axis=-1)
    walk = HiddenMarkovWalk(states)
    walk.learn(np.concatenate([np.zeros((len(turn), 1, 2)), steps.cumsum(axis=1)], axis=1))
    return walk


def test_states_of_a_hidden_markov_model_are_found():
    length, turn, state = hidden_markov_steps()
    walk = fitted_states(length, turn)
    np.testing.assert_allclose(walk.shape * walk.scale, [100, 750], rtol=0.1)
    np.testing.assert_allclose(walk.shape, [2, 30], rtol=0.15)
    np.testing.assert_allclose(walk.concentration, [0.5, 20], rtol=0.3)
    np.testing.assert_allclose(walk.transition, [[0.95, 0.05], [0.10, 0.90]], atol=0.02)
    assert (walk.expect(length, turn)[0].argmax(axis=-1) == state).mean() > 0.97


def test_likelihood_and_marginals_are_those_of_tensorflow_probability():
    length, turn, _ = hidden_markov_steps(count=4, steps=30)
    walk = fitted_states(length, turn, states=3)
    tfd = tfp.distributions
    # What is observed is a number whose density in each state is known: an atom of its own in each trip and step.
    for trip in range(4):
        density = np.exp(walk.log_density(length[trip], turn[trip]))
        largest = density.max()
        atoms = np.concatenate([density / largest / 30, 1 - (density / largest / 30).sum(axis=0, keepdims=True)]).T
        model = tfd.HiddenMarkovModel(
            tfd.Categorical(probs=walk.initial), tfd.Categorical(probs=walk.transition), tfd.Categorical(probs=atoms), 30
        )
        observed = np.arange(30)
        marginal, _, log_likelihood = walk.expect(length[trip : trip + 1], turn[trip : trip + 1])
        assert log_likelihood == pytest.approx(float(model.log_prob(observed)) + 30 * np.log(30 * largest), rel=1e-4)
        np.testing.assert_allclose(marginal[0], model.posterior_marginals(observed).probs_parameter(), atol=1e-4)


def test_a_likelihood_grows_while_it_is_fitted():
    length, turn, _ = hidden_markov_steps(count=20, steps=50)
    found = []
    for iterations in (1, 3, 30):
        walk = HiddenMarkovWalk(2, iterations)
        steps = length[..., None] * np.stack([np.cos(turn.cumsum(axis=1)), np.sin(turn.cumsum(axis=1))], axis=-1)
        walk.learn(np.concatenate([np.zeros((20, 1, 2)), steps.cumsum(axis=1)], axis=1))
        found.append(walk.log_likelihood)
    # The maximisation is approximate, so that the last digits may go back.
    assert found[0] < found[1] - 1 and found[1] < found[2] + 0.01


def test_ornstein_uhlenbeck_bridge_is_the_conditional_law():
    walk = OrnsteinUhlenbeckWalk()
    walk.weights, walk.noise = np.array([0.8, 0.02]), np.array([[4.0, 1.0], [1.0, 2.0]])
    walk.first_mean, walk.first_covariance = np.zeros(2), np.array([[9.0, 0.0], [0.0, 9.0]])
    found = walk.simulate(np.full(20_000, 12), np.random.default_rng(0))
    np.testing.assert_allclose(found[:, 12], 0, atol=1e-9)
    # By the rule for Gaussian vectors, from the covariance of free walks.
    random = np.random.default_rng(1)
    place, step, free = np.zeros((200_000, 2)), random.multivariate_normal([0, 0], walk.first_covariance, 200_000), []
    for _ in range(12):
        place = place + step
        free.append(place)
        step = 0.8 * step - 0.02 * place + random.multivariate_normal([0, 0], walk.noise, 200_000)
    covariance = np.cov(np.concatenate([free[5], free[11]], axis=1).T)
    expected = covariance[:2, :2] - covariance[:2, 2:] @ np.linalg.solve(covariance[2:, 2:], covariance[2:, :2])
    np.testing.assert_allclose(np.cov(found[:, 6].T), expected, rtol=0.08, atol=0.6)


@pytest.mark.parametrize("walk", WALKS)
def test_the_longest_trip_of_a_table_fits(walk):
    ds = trips()
    # Without the colony, as a table may have them: the longest trip fills all steps.
    length = ds.mask.sum("step").values - 2
    positions = np.stack([ds.x, ds.y], axis=-1)[:, 1 : length.max() + 1]
    away = trips_dataset(positions, COLONY, 60, lengths=length)
    found = walk().estimate(away).sample(200)
    last = np.isfinite(found.x).sum("step") - 1
    np.testing.assert_allclose(np.hypot(found.x.isel(step=last), found.y.isel(step=last)), 0, atol=1e-6)


def test_bootstrap_gives_real_trips():
    ds = trips()
    found, real = closed_trips(TripBootstrap().estimate(ds).sample(30), 100), closed_trips(ds, 100)
    apart = [np.nanmin([np.nan_to_num(abs(trip - other)).max() for other in real]) for trip in found]
    np.testing.assert_allclose(apart, 0, atol=1e-6)
