import numpy as np
import pytest
import tensorflow as tf

from box_flows import axes_of, random_flow
from geodl.dynamics import NavierStokes3D
from geodl.fourier_box import AXES, regridded
from geodl.layers import SpectralIntegrator
from layer_check import check_layer

PARAMETERS = {"viscosity": 0.05, "diffusivity": 0.03, "energy_injection": 0.4, "variance_injection": 0.7}


def by_numpy(state, viscosity, diffusivity, energy_injection=0.0, variance_injection=0.0):
    """Convective form, with whole complex transforms and the pressure by Poisson's equation."""
    points = state.shape[-1]
    k = np.stack(np.meshgrid(*3 * [np.fft.fftfreq(points, 1 / points)], indexing="ij"))
    square = (k**2).sum(axis=0)
    kept = (np.abs(k) < points / 3).all(axis=0)
    modes = np.fft.fftn(state, axes=AXES) * kept
    field = lambda hat: np.fft.ifftn(hat, axes=AXES).real  # noqa: E731
    tendency = np.zeros_like(modes)
    for sample, hat in enumerate(modes):
        fields = field(hat)
        carried = np.stack([sum(fields[j] * field(1j * k[j] * hat[i]) for j in range(3)) for i in range(4)])
        carried = np.fft.fftn(carried, axes=AXES) * kept
        pressure = 1j * (k * carried[:3]).sum(axis=0) / np.where(square > 0, square, 1)
        tendency[sample, :3] = -carried[:3] - 1j * k * pressure - viscosity * square * hat[:3]
        tendency[sample, 3] = -carried[3] - diffusivity * square * hat[3]
        large = hat * ((square > 0) & (square <= 4))
        for part, rate in ((slice(3), energy_injection), (slice(3, 4), variance_injection)):
            tendency[sample, part] += rate * large[part] / np.mean(np.sum(field(large[part]) ** 2, axis=0))
    return field(tendency)


def divergence_of(state):
    points = state.shape[-1]
    k = np.stack(np.meshgrid(*2 * [np.fft.fftfreq(points, 1 / points)], np.arange(points // 2 + 1), indexing="ij"))
    return np.fft.irfftn((1j * k * np.fft.rfftn(state[:, :3], axes=AXES)).sum(axis=1), (points,) * 3, axes=AXES)


def test_tendency_equals_that_of_plain_numpy():
    state = random_flow(12, 3, batch=2)
    found = NavierStokes3D(**PARAMETERS, dtype="float64")(state)
    np.testing.assert_allclose(found, by_numpy(state, **PARAMETERS), atol=1e-11)
    single = NavierStokes3D(**PARAMETERS)(state.astype("float32"))
    assert single.dtype == tf.float32
    np.testing.assert_allclose(single, found, atol=1e-4)


def test_contracts_of_a_layer():
    check_layer(NavierStokes3D(**PARAMETERS), random_flow(8, 2).astype("float32"), unknown_sizes=False)


def test_velocity_stays_without_divergence():
    state = random_flow(16, 5, batch=2)
    state[:, 0] += np.sin(axes_of(16)[0])  # which the pressure takes away
    later = SpectralIntegrator(NavierStokes3D(**PARAMETERS, dtype="float64"), 0.05, 20, dtype="float64")(state).numpy()
    assert np.abs(divergence_of(state)).max() > 0.1
    assert np.abs(divergence_of(later)).max() < 1e-12
    single = SpectralIntegrator(NavierStokes3D(**PARAMETERS), 0.05, 20)(state.astype("float32")).numpy()
    assert np.abs(divergence_of(single.astype("float64"))).max() < 1e-6 * np.abs(single).max() * 16


def test_budgets_of_energy_and_scalar_variance_close():
    """Change = injection − dissipation, which is the viscosity times the mean square of the gradients."""
    state = random_flow(16, 5)
    tendency = NavierStokes3D(**PARAMETERS, dtype="float64")(state).numpy()
    modes = np.fft.fftn(state, axes=AXES) / 16**3
    k = np.fft.fftfreq(16, 1 / 16)
    squares = (k[:, None, None] ** 2 + k[:, None] ** 2 + k**2) * np.abs(modes) ** 2
    dissipation = PARAMETERS["viscosity"] * squares[:, :3].sum()
    assert np.mean((state * tendency)[:, :3].sum(axis=1)) == pytest.approx(0.4 - dissipation, rel=1e-10)
    scalar_dissipation = PARAMETERS["diffusivity"] * squares[:, 3].sum()
    assert np.mean((state * tendency)[:, 3]) == pytest.approx(0.7 - scalar_dissipation, rel=1e-10)
    np.testing.assert_allclose(tendency.mean(axis=AXES), 0, atol=1e-14)  # means stay


def test_energy_of_the_taylor_green_vortex_decays_as_its_series():
    """Re 10, t ≪ 1: E(t)/E(0) = 1 − 6 ν t + 18 ν² t² …, before nonlinear terms of order t² act on the dissipation."""
    x, y, z = axes_of(32)
    state = np.zeros((1, 4, 32, 32, 32))
    state[0, 0], state[0, 1] = np.sin(x) * np.cos(y) * np.cos(z), -np.cos(x) * np.sin(y) * np.cos(z)
    dynamics = NavierStokes3D(viscosity=0.1, dtype="float64")
    trajectory = SpectralIntegrator(dynamics, 0.01, 10, save_every=5, dtype="float64")(state).numpy()
    energy = (trajectory**2).sum(axis=2).mean(axis=(0, 2, 3, 4)) / (state**2).sum(axis=1).mean()
    np.testing.assert_allclose(energy, np.exp(-6 * 0.1 * np.array([0.05, 0.1])), atol=2e-4)
    assert (trajectory[:, :, 3] == 0).all()


def test_in_a_moving_frame_the_flow_is_the_same():
    """After the time in which the frame moves by one point."""
    state, points = random_flow(16, 4), 16
    dynamics = NavierStokes3D(**PARAMETERS, dtype="float64")
    moving = state.copy()
    moving[:, 0] += 2 * np.pi / points / 0.4
    run = SpectralIntegrator(dynamics, 0.01, 40, dtype="float64")
    expected = np.roll(run(state), 1, axis=2)
    expected[:, 0] += 2 * np.pi / points / 0.4
    np.testing.assert_allclose(run(moving), expected, atol=2e-5)


def test_the_scalar_is_passive_and_linear():
    state = random_flow(12, 3)
    dynamics = NavierStokes3D(viscosity=0.05, diffusivity=0.03, energy_injection=0.4, dtype="float64")
    doubled = state * np.array([1, 1, 1, 2])[:, None, None, None]
    first, second = dynamics(state).numpy(), dynamics(doubled).numpy()
    np.testing.assert_allclose(second[:, :3], first[:, :3], atol=1e-12)
    np.testing.assert_allclose(second[:, 3], 2 * first[:, 3], atol=1e-12)


@pytest.mark.slow
def test_turbulence_decays_as_in_experiments():
    """From a spectrum k² exp(−(k/5)²): vortices are stretched (negative skewness), then E ∝ (t − t₀)⁻ⁿ, so E/ε = (t − t₀)/n.

    Saffman (1967) has n = 6/5 for large Reynolds numbers and 3/2 for small ones.
    """
    points, viscosity, every = 48, 0.016, 0.25
    state = random_flow(points, 15, batch=2)
    k = np.stack(np.meshgrid(*2 * [np.fft.fftfreq(points, 1 / points)], np.arange(points // 2 + 1), indexing="ij"))
    square, shells = (k**2).sum(axis=0), np.rint(np.sqrt((k**2).sum(axis=0))).astype(int)
    weights = np.where(np.arange(points // 2 + 1) % (points // 2) > 0, 2, 1) / points**6

    def spectrum_of(modes):
        squares = weights * (np.abs(modes[:, :3]) ** 2).sum(axis=1) / 2
        return np.stack([np.bincount(shells.ravel(), each.ravel()) for each in squares])

    modes = np.fft.rfftn(state, axes=AXES)
    wavenumber = np.arange(shells.max() + 1)
    wanted = wavenumber**2 * np.exp(-((wavenumber / 5) ** 2)) * (wavenumber <= 15)
    factor = np.sqrt(1.5 * wanted / wanted.sum() / np.maximum(spectrum_of(modes), 1e-20))
    modes *= np.stack([each[shells] for each in factor])[:, None]
    state = np.fft.irfftn(modes, (points,) * 3, axes=AXES)

    steps = 15
    dynamics = NavierStokes3D(viscosity=viscosity, diffusivity=viscosity)
    run = SpectralIntegrator(dynamics, every / steps, 20 * steps, save_every=steps)
    trajectory = tf.function(run, jit_compile=True)(state.astype("float32")).numpy().astype("float64")
    modes = np.fft.rfftn(trajectory[:, :, :3], axes=AXES)
    energy = np.sum(weights * np.abs(modes) ** 2, axis=(2, 3, 4, 5)).mean(axis=0) / 2
    dissipation = viscosity * np.sum(weights * square * np.abs(modes) ** 2, axis=(2, 3, 4, 5)).mean(axis=0)
    slopes = np.stack([np.fft.irfftn(1j * k[i] * modes[:, :, i], (points,) * 3, axes=AXES) for i in range(3)])
    skewness = ((slopes**3).mean(axis=(0, 1, 3, 4, 5)) / (slopes**2).mean(axis=(0, 1, 3, 4, 5)) ** 1.5)[4:]
    assert -0.55 < skewness.min() and skewness.max() < -0.35
    np.testing.assert_allclose(np.gradient(energy, every)[5:-1], -dissipation[5:-1], rtol=0.03)
    late = slice(7, None)
    power = 1 / np.polyfit(every * np.arange(20)[late], (energy / dissipation)[late], 1)[0]
    assert 1.2 < power < 1.6


def test_without_large_scales_nothing_is_forced():
    assert not NavierStokes3D(energy_injection=1.0)(np.zeros((1, 4, 8, 8, 8), "float32")).numpy().any()


def test_a_finer_grid_gives_the_same_flow():
    """As long as the coarse one resolves it."""
    state = 0.1 * random_flow(16, 2)

    def later(state):
        dynamics = NavierStokes3D(viscosity=0.2, diffusivity=0.2, dtype="float64")
        return SpectralIntegrator(dynamics, 0.1, 5, dtype="float64")(state).numpy()

    coarse = later(state)
    assert np.abs(coarse - state).max() > 0.1
    np.testing.assert_allclose(regridded(later(regridded(state, 32)), 16), coarse, atol=2e-5)


def test_gradient_through_the_solver_is_that_of_finite_differences():
    state = tf.constant(random_flow(8, 2))
    dynamics = NavierStokes3D(**PARAMETERS, estimated=("viscosity",), dtype="float64")
    run = SpectralIntegrator(dynamics, 0.05, 3, dtype="float64")
    with tf.GradientTape() as tape:
        tape.watch(state)
        loss = tf.reduce_sum(run(state) ** 3)
    by_state, by_viscosity = tape.gradient(loss, [state, dynamics.viscosity.value])
    direction = tf.constant(random_flow(8, 2, seed=1))
    cube = lambda x: float(tf.reduce_sum(run(x) ** 3))  # noqa: E731
    difference = (cube(state + 1e-5 * direction) - cube(state - 1e-5 * direction)) / 2e-5
    assert float(tf.reduce_sum(by_state * direction)) == pytest.approx(difference, rel=1e-6)
    values = []
    for viscosity in (0.05 + 1e-6, 0.05 - 1e-6):
        dynamics.viscosity.assign(viscosity)
        values.append(cube(state))
    assert float(by_viscosity) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-5)


@pytest.mark.parametrize("shape", [(1, 4, 9, 9, 9), (1, 4, 8, 8, 12), (1, 3, 8, 8, 8), (1, 4, 6, 6, 6), (4, 8, 8, 8)])
def test_a_state_that_is_not_a_cube_is_told(shape):
    with pytest.raises(ValueError, match=r"expects a state \(batch, 4, n, n, n\) with n even and at least 8, found"):
        NavierStokes3D().build(shape)


def test_largest_stable_step_keeps_the_flow_bounded_and_a_much_longer_one_blows_up_at_a_step_that_is_named():
    state = 10 * random_flow(12, 3).astype("float32")
    dynamics = NavierStokes3D(viscosity=1e-4, diffusivity=1e-4)
    step = dynamics.largest_stable_step(state)
    speed = np.abs(state[:, :3]).sum(axis=1).max()
    assert step == pytest.approx(2.8 / (3 * speed))
    later = SpectralIntegrator(dynamics, step / 2, 100)(state).numpy()
    assert np.sum(later**2) < 1.05 * np.sum(state**2)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"not finite; of 200 steps, the first so many were finite.*\[\d+\]"
    ):
        SpectralIntegrator(dynamics, 20 * step, 200)(state)
