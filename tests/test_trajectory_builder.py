import numpy as np
import pytest

from geodl import datasets


def _lorenz63(x):
    x, y, z = x
    return np.array([10.0 * (y - x), x * (28.0 - z) - y, x * y - 8.0 / 3.0 * z])


def _rk4(f, x, dt):
    """One step in plain numpy, its sums in the order of the tableau."""
    k1 = f(x)
    k2 = f(x + dt * (0.5 * k1))
    k3 = f(x + dt * (0.5 * k2))
    k4 = f(x + dt * (1.0 * k3))
    return x + dt * (1 / 6 * k1 + 1 / 3 * k2 + 1 / 3 * k3 + 1 / 6 * k4)


@pytest.fixture(scope="module")
def forecast_test():
    return datasets.open_dataset("lorenz63", "forecast", "test")


def test_lorenz63_is_simulated_to_the_bit_as_plain_double_precision():
    x = np.array([8.0, 0.0, 30.0])
    for _ in range(500):
        x = _rk4(_lorenz63, x, 0.01)
    ds = datasets.open_dataset("lorenz63", "forecast", "train")
    for step in range(12):
        np.testing.assert_array_equal(ds.state.values[0, step], x.astype("float32"))
        x = _rk4(_lorenz63, x, 0.01)


def test_states_stay_on_the_attractor_and_have_their_time(forecast_test):
    assert forecast_test.sizes == {"sample": 100, "time": 2008, "component": 3}
    np.testing.assert_allclose(np.diff(forecast_test.time), 0.01)
    assert list(forecast_test.component.values) == ["x", "y", "z"]
    deviation = forecast_test.state.std(["sample", "time"])
    np.testing.assert_allclose(deviation, [7.9, 9.0, 8.6], rtol=0.03)


def test_splits_follow_each_other_in_time(forecast_test):
    builder = datasets.prepared_builder("lorenz63", "forecast")
    ends = {}
    for split in ("train", "validation", "test"):
        first = [int(example["first"]) for example in builder.as_dataset(split=split).as_numpy_iterator()]
        ends[split] = (min(first), max(first))
    length = builder.builder_config.splits["train"][3]
    assert ends["train"][1] + length <= ends["validation"][0]
    assert ends["validation"][1] + length <= ends["test"][0]


def test_load_gives_pairs_of_past_and_future():
    x, y = next(iter(datasets.load("lorenz63", "forecast", batch_size=16)))
    assert x.shape == (16, 8, 3) and y.shape == (16, 4, 3)
    assert np.abs(y[:, 0] - x[:, -1]).max() < 5.0


def test_shuffled_samples_are_the_same_in_another_order():
    inputs = {"name": "lorenz63", "config": "forecast", "split": "validation", "batch_size": 600}
    plain, shuffled = (next(iter(datasets.load(**inputs, shuffle=s)))[0].numpy()[:, 0] for s in (False, True))
    assert not np.array_equal(plain, shuffled)
    np.testing.assert_array_equal(np.sort(plain, axis=0), np.sort(shuffled, axis=0))


@pytest.mark.parametrize(
    ("name", "config", "steps", "seen"),
    [
        pytest.param("lorenz96", "assimilation_half", np.arange(0, 200, 4), 20, marks=pytest.mark.slow),
        pytest.param("lorenz63", "assimilation_x", np.arange(16, 185, 8), 1, marks=pytest.mark.slow),
        pytest.param("lorenz63", "assimilation_all", np.arange(16, 185, 8), 3, marks=pytest.mark.slow),
    ],
)
def test_observations_are_where_the_protocol_says_with_variance_two(name, config, steps, seen):
    ds = datasets.open_dataset(name, config, "test")
    observed = np.isfinite(ds.observations.values)
    np.testing.assert_array_equal(np.nonzero(observed.any(axis=(0, 2)))[0], steps)
    np.testing.assert_array_equal(observed.sum(axis=2)[:, steps], seen)
    error = (ds.observations - ds.state).values[observed]
    assert abs(error.mean()) < 0.05 and abs(error.var() - 2.0) < 0.06
    if name == "lorenz96":
        assert observed[:, steps].mean(axis=(0, 1)).std() < 0.02  # every component is seen as often as another
    else:
        assert observed.any(axis=(0, 1)).sum() == seen
