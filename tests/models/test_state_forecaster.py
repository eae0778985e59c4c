import numpy as np
import pytest
import xarray as xr

from geodl.baselines import StatePersistence
from geodl.errors import InputError
from geodl.models import LSTMForecaster, NeuralODE
from layer_check import check_layer, check_saving


@pytest.fixture
def states():
    """Five times of a state of three components, .01 apart."""
    return xr.Dataset(
        {"state": (("time", "component"), np.arange(15.0).reshape(5, 3), {"units": "1"})},
        {"time": ("time", 2.0 + 0.01 * np.arange(5), {"long_name": "time"}), "component": ["x", "y", "z"]},
        {"source": "test"},
    )


def test_the_forecast_has_the_times_that_follow(states):
    forecast = StatePersistence(components=3, dt=0.01).predict(states, steps=4)
    np.testing.assert_allclose(forecast.time, 2.04 + 0.01 * np.arange(1, 5))
    assert forecast.state.dims == ("time", "component") and list(forecast.component.values) == ["x", "y", "z"]
    np.testing.assert_array_equal(forecast.state, np.tile([12.0, 13.0, 14.0], (4, 1)))
    assert forecast.attrs == {"source": "test"} and forecast.time.attrs == {"long_name": "time"}


def test_a_leading_sample_is_a_batch_in_any_order_of_dimensions(states):
    batch = xr.concat([states, states + 1], "sample").transpose("component", "time", "sample")
    forecast = StatePersistence(components=3, dt=0.01).predict(batch, steps=2)
    assert forecast.state.dims == ("sample", "time", "component")
    np.testing.assert_array_equal(forecast.state[1, 0], [13.0, 14.0, 15.0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.rename(state="x"), "Expected a variable 'state'"),
        (lambda ds: ds.rename(component="row"), "Expected state with dimensions"),
        (lambda ds: ds.isel(component=[0, 1]), "a state of 3 components; found 2"),
        (lambda ds: ds.drop_vars("time"), "coordinate `time` of numbers.*found none"),
        (lambda ds: ds.assign_coords(time=ds.time.astype("timedelta64[s]")), "coordinate `time` of numbers.*found timedelta64"),
        (lambda ds: ds.isel(time=[0, 1, 3, 4]), "states 0.01 time units apart; found steps from 0.01 to 0.02"),
        (lambda ds: ds.where(ds.time < 2.035), "not finite at time step 4"),
        (lambda ds: ds.isel(time=slice(0)), "at least 1 times of `state`; found 0"),
    ],
)
def test_bad_states_are_told(states, change, message):
    with pytest.raises(InputError, match=message):
        StatePersistence(components=3, dt=0.01).predict(change(states))


def test_steps_must_be_positive(states):
    with pytest.raises(InputError, match="positive number of steps; found 0"):
        StatePersistence(components=3, dt=0.01).predict(states, steps=0)


def test_lstm_needs_eight_states(states):
    with pytest.raises(InputError, match="at least 8 times of `state`; found 5"):
        LSTMForecaster(components=3, dt=0.01, units=4).predict(states)


def _neural_ode(**options):
    model = NeuralODE(**{"components": 3, "dt": 0.1, "products": 2, "horizon": 3, **options})
    model.build((None, None, model.components))
    random = np.random.default_rng(0)  # the tendency starts at zero
    model.set_weights([w + 0.1 * random.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


@pytest.mark.parametrize("options", [{}, {"components": 12, "reach": 2}], ids=["all components", "neighbours"])
def test_neural_ode_keeps_the_contracts_of_a_model(options, tmp_path):
    model = _neural_ode(**options)
    past = np.random.default_rng(1).normal(size=(2, 8, model.components)).astype("float32")
    check_layer(model, past, unknown_sizes=False, policies=("float64",))
    check_saving(model, past, tmp_path)


def test_lstm_keeps_the_contracts_of_a_model(tmp_path):
    model = LSTMForecaster(components=3, dt=0.1, units=6, horizon=3)
    past = np.random.default_rng(1).normal(size=(2, 8, 3)).astype("float32")
    model(past)
    check_layer(model, past, unknown_sizes=False)
    check_saving(model, past, tmp_path)


def test_a_rollout_goes_on_as_the_forecast_it_was_trained_on():
    past = np.random.default_rng(1).normal(size=(2, 8, 3)).astype("float32")
    lstm = LSTMForecaster(components=3, dt=0.1, units=6, horizon=3)
    for model in (_neural_ode(), lstm):
        expected = np.array(model(past))
        np.testing.assert_allclose(model.forward(past, steps=5)["state"][:, :3], expected, rtol=1e-5, atol=1e-6)


def test_neural_ode_on_a_circle_is_equivariant_under_rotation():
    model = _neural_ode(components=12, reach=2)
    past = np.random.default_rng(1).normal(size=(2, 1, 12)).astype("float32")
    rotated = np.array(model(np.roll(past, 5, axis=-1)))
    np.testing.assert_allclose(rotated, np.roll(np.array(model(past)), 5, axis=-1), atol=1e-5)


def test_neural_ode_learns_a_rotation_from_states_far_apart():
    angle = 0.7  # per interval: differences of the states would be a poor tendency
    start = np.random.default_rng(0).normal(size=(256, 1, 2))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    future = np.concatenate([start @ np.linalg.matrix_power(turn, n) for n in (1, 2)], axis=1)
    model = NeuralODE(components=2, dt=1.0, substeps=4, products=1, horizon=2, dtype="float64")
    model.build((None, None, 2))
    model.tendency.adapt(np.concatenate([start, future], axis=1), 1.0)
    model.compile("adam", "mse", jit_compile=True)
    model.optimizer.learning_rate = 0.02
    model.fit(start, future, epochs=150, batch_size=64, verbose=0)
    forecast = model.forward(start, steps=4)["state"][:, -1]
    error = forecast - start[:, 0] @ np.linalg.matrix_power(turn, 4)
    assert np.sqrt(np.mean(error**2)) < 0.02
