"""Speed of the solvers of the theme closure beside the same schemes in numpy and scipy, warm, on one core;
and what a closure of Burgers' equation saves.

Seconds are those of the processor, so that other work on the machine does not count.

python benchmarks/closure.py
"""

import itertools
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")

import numpy as np
import scipy.fft
import tensorflow as tf

from geodl import datasets, zoo
from geodl.dynamics import Burgers, NavierStokes3D
from geodl.layers import ODEIntegrator, SpectralIntegrator

VISCOSITY, STEPS, REPEATS = 0.02, 10, 5
AXES = (-3, -2, -1)
PAIRS = (*itertools.combinations_with_replacement(range(3), 2), *((3, i) for i in range(3)))


class NumpyNavierStokes:
    """Turbulence with a scalar, decaying, by the scheme of `SpectralIntegrator`, in single precision."""

    def __init__(self, points: int, dt: float):
        whole = np.fft.fftfreq(points, 1 / points).astype("float32")
        self.k = whole[:, None, None], whole[:, None], np.arange(points // 2 + 1, dtype="float32")
        self.kept = np.ones(1, "float32")
        for k in self.k:
            self.kept = self.kept * (np.abs(k) <= (points - 1) // 3)
        square = sum(k**2 for k in self.k)
        self.inverse = 1 / np.maximum(square, 1)
        self.half = np.exp(-VISCOSITY * square * dt / 2)
        self.points, self.dt = points, np.float32(dt)

    def to_modes(self, fields):
        """Forward transform."""
        return scipy.fft.rfftn(fields, axes=AXES)

    def to_state(self, modes):
        """Backward transform."""
        return scipy.fft.irfftn(modes, (self.points,) * 3, axes=AXES)

    def nonlinear(self, modes):
        """Advection and pressure."""
        fields = self.to_state(modes)
        fluxes = self.to_modes(np.stack([fields[i] * fields[j] for i, j in PAIRS]))
        flux = dict(zip(PAIRS, fluxes, strict=True))
        tendency = np.stack([sum(-1j * k * flux.get((i, j), flux.get((j, i))) for j, k in enumerate(self.k)) for i in range(4)])
        tendency *= self.kept
        pressure = sum(k * part for k, part in zip(self.k, tendency, strict=False)) * self.inverse
        for part, k in zip(tendency, self.k, strict=False):
            part -= k * pressure
        return tendency

    def step(self, x):
        """One step of Runge–Kutta with the integrating factor."""
        dt, half = self.dt, self.half
        k1 = self.nonlinear(x)
        k2 = self.nonlinear(half * (x + dt / 2 * k1))
        k3 = self.nonlinear(half * x + dt / 2 * k2)
        k4 = self.nonlinear(half * (half * x + dt * k3))
        return half * (half * (x + dt / 6 * k1) + dt / 3 * (k2 + k3)) + dt / 6 * k4


def seconds(run) -> float:
    """Best of some warm runs."""
    run()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def turbulence(points: int) -> None:
    """Steps a second of `NavierStokes3D`, in graph mode and compiled, and of numpy with scipy.fft."""
    state = np.random.default_rng(0).standard_normal((1, 4, points, points, points)).astype("float32")
    dynamics, dt = NavierStokes3D(viscosity=VISCOSITY, diffusivity=VISCOSITY), 0.5 / points
    dynamics.build(state.shape)
    state = dynamics.to_state(dynamics.to_modes(tf.constant(state)))  # without divergence and aliases
    plain = NumpyNavierStokes(points, dt)

    def by_numpy():
        modes = plain.to_modes(state[0].numpy())
        for _ in range(STEPS):
            modes = plain.step(modes)
        return plain.to_state(modes)

    solver = SpectralIntegrator(dynamics, dt, STEPS)
    np.testing.assert_allclose(tf.function(solver)(state)[0], by_numpy(), atol=1e-4)
    runs = {"numpy": by_numpy}
    for name, jit in (("graph", False), ("jit", True)):
        compiled = tf.function(solver, jit_compile=jit)
        runs[name] = lambda compiled=compiled: compiled(state).numpy()
    found = {name: STEPS / seconds(run) for name, run in runs.items()}
    for name, speed in found.items():
        print(f"Navier–Stokes, {points}³, {name:6s} {speed:8.2f} steps/s, {speed / found['numpy']:.2f} × numpy")


def burgers(batch: int, points: int) -> None:
    """Steps a second of `Burgers`, compiled, and of numpy with scipy.fft."""
    state = np.random.default_rng(0).standard_normal((batch, points)).astype("float32").cumsum(axis=-1) / points
    viscosity, dt = 0.01, np.float32(0.2 / points)
    k, fine = 2 * np.pi * np.arange(points // 2 + 1, dtype="float32"), 2 * ((3 * points + 3) // 4)
    half = np.exp(-viscosity * k**2 * dt / 2)
    slope = np.where(np.arange(points // 2 + 1) < points // 2, -0.5j * k, 0).astype("complex64")

    def nonlinear(x):
        square = scipy.fft.rfft(scipy.fft.irfft(x * np.float32(fine / points), fine) ** 2)
        return slope * square[:, : points // 2 + 1] * np.float32(points / fine)

    def by_numpy():
        x = scipy.fft.rfft(state)
        for _ in range(STEPS):
            k1 = nonlinear(x)
            k2 = nonlinear(half * (x + dt / 2 * k1))
            k3 = nonlinear(half * x + dt / 2 * k2)
            k4 = nonlinear(half * (half * x + dt * k3))
            x = half * (half * (x + dt / 6 * k1) + dt / 3 * (k2 + k3)) + dt / 6 * k4
        return scipy.fft.irfft(x, points)

    solver = tf.function(SpectralIntegrator(Burgers(viscosity=viscosity), float(dt), STEPS), jit_compile=True)
    np.testing.assert_allclose(solver(state), by_numpy(), atol=1e-3)
    speeds = [STEPS / seconds(run) for run in (by_numpy, lambda: solver(state).numpy())]
    print(f"Burgers, {batch} × {points}, jit {speeds[1]:10.0f} steps/s, {speeds[1] / speeds[0]:.2f} × numpy")


def error(u, truth) -> float:
    """Relative error, a mean over runs and times."""
    return float(np.mean(np.linalg.norm(u - truth, axis=-1) / np.linalg.norm(truth, axis=-1)))


def closure_of_burgers() -> None:
    """Error of `burgers_cnn` by time step, and what grids without closure reach, at what cost."""
    ds = datasets.open_dataset("burgers", "course", "test")
    model, truth = zoo.load("burgers_cnn"), ds.u.values
    state = model.encode(ds.isel(time=[0]))
    for dt in (0.02, 0.005, 0.001):
        stride = round(dt / 0.001)
        found = model.simulate(state, 2500 // stride, dt)
        print(f"burgers_cnn, time step {dt:5.3f}: relative error {error(found, truth[:, stride::stride]):.5f}")
    closed = seconds(lambda: model.simulate(state, 125))
    x, reynolds = np.arange(200) / 200, np.array([[200], [400], [600], [800]])
    fine = (x / (1 + np.exp(reynolds * (x**2 / 4 - 1 / 16)))).astype("float32")
    for every in (8, 4, 2, 1):
        points, saved = 200 // every, 8 // every
        start = fine[:, ::every].copy()
        start[:, [0, -1]] = 0
        solver = ODEIntegrator(Burgers(ends="zero"), 0.02 / saved, 125 * saved, save_every=saved)
        compiled = tf.function(solver, jit_compile=True)
        found = compiled(start).numpy()[..., ::saved]
        found[..., -1] = 0
        cost = seconds(lambda run=compiled, start=start: run(start).numpy()) / closed
        print(f"no closure on {points:3d} points: relative error {error(found, truth[:, 20::20]):.5f}, {cost:.2f} × the time")


if __name__ == "__main__":
    for sides in (16, 32, 64):
        turbulence(sides)
    for shape in ((64, 32), (64, 256), (16, 1024)):
        burgers(*shape)
    closure_of_burgers()
