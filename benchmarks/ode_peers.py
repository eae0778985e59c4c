"""The cells of ode.py with diffrax or torchdiffeq, in an environment that has them: run by ode.py --peers."""

import itertools
import json
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

import numpy as np

SYSTEMS = {"Lorenz-63": (3, 0.01), "Lorenz-96": (40, 0.05)}
# Steps that return every state; steps before the sum of the squared last states, differentiated by the initial ones.
STEPS, BATCHES = {"forward": 1000, "gradient": 100}, (1, 64, 1024)


def initial_states(batch: int, components: int) -> np.ndarray:
    """The same states (batch, component) for all libraries."""
    return np.random.default_rng(0).normal(size=(batch, components)).astype("float32")


def measure(versions: str, prepare: Callable) -> None:
    """Prints a JSON line a cell: seconds of the first call, of the best of the next (at least three, 1.5 s), and states.

    `prepare` returns the call, and a function that takes the states after the steps of a gradient from its results.
    """
    print(json.dumps(versions), flush=True)
    for (system, (components, dt)), kind, batch in itertools.product(SYSTEMS.items(), STEPS, BATCHES):
        call, state = prepare(system, kind, initial_states(batch, components), dt)
        seconds, begin = [], time.perf_counter()
        while len(seconds) < 4 or time.perf_counter() - begin - seconds[0] < 1.5:
            start = time.perf_counter()
            results = call()
            seconds.append(time.perf_counter() - start)
        found = {"first": seconds[0], "best": min(seconds[1:]), "state": np.asarray(state(results)).tolist()}
        print(json.dumps([[system, kind, batch], found]), flush=True)


def tendencies(array, unstack) -> dict:
    """Equations of motion on the arrays of JAX or torch."""

    def lorenz63(time, state, args=None):
        x, y, z = unstack(state)
        return array.stack([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z], -1)

    def lorenz96(time, state, args=None):
        return (array.roll(state, -1, -1) - array.roll(state, 2, -1)) * array.roll(state, 1, -1) - state + 8

    return {"Lorenz-63": lorenz63, "Lorenz-96": lorenz96}


def measure_diffrax() -> None:
    """All cells with diffrax, compiled by XLA, at its constant step size and with RecursiveCheckpointAdjoint, its defaults."""
    import jax
    from diffrax import AbstractERK, ButcherTableau, ODETerm, SaveAt, ThirdOrderHermitePolynomialInterpolation, diffeqsolve

    # Not among diffrax's solvers.
    class RK4(AbstractERK):
        rows = (np.array([0.5]), np.array([0.0, 0.5]), np.array([0.0, 0.0, 1.0]))
        tableau = ButcherTableau(c=np.array([0.5, 0.5, 1]), b_sol=np.array([1, 2, 2, 1]) / 6, b_error=np.zeros(4), a_lower=rows)
        interpolation_cls = ThirdOrderHermitePolynomialInterpolation.from_k

        def order(self, terms):
            return 4

    def prepare(system, kind, states, dt):
        term = ODETerm(tendencies(jax.numpy, lambda state: jax.numpy.unstack(state, axis=-1))[system])
        states, steps, trajectory = jax.numpy.asarray(states), STEPS[kind], kind == "forward"

        def solve(states, save):
            return diffeqsolve(term, RK4(), 0.0, steps * dt, dt, states, saveat=save, max_steps=steps).ys

        def loss(states):
            last = solve(states, SaveAt(t1=True))[0]
            return (last**2).sum(), last

        compiled = jax.jit((lambda x: solve(x, SaveAt(steps=True))) if trajectory else jax.grad(loss, has_aux=True))
        return lambda: jax.block_until_ready(compiled(states)), lambda found: found[STEPS["gradient"] - 1 if trajectory else 1]

    measure(f"diffrax {version('diffrax')}, jax {version('jax')}", prepare)


def measure_torchdiffeq() -> None:
    """All cells with torchdiffeq, which nothing compiles as a whole."""
    import torch
    from torchdiffeq import _impl, odeint

    # Its "rk4" is the 3/8 rule; chaos drives the two schemes apart, so take the classical one, which is as much work.
    _impl.fixed_grid.rk4_alt_step_func = _impl.rk_common.rk4_step_func

    def prepare(system, kind, states, dt):
        tendency = tendencies(torch, lambda state: state.unbind(-1))[system]
        times, trajectory = dt * torch.arange(STEPS[kind] + 1), kind == "forward"
        # For the gradient the ends alone are returned: gradients through states in between would cost time.
        returned, options = times if trajectory else times[[0, -1]], {"grid_constructor": lambda *_: times}

        def call():
            initial = torch.tensor(states, requires_grad=not trajectory)
            found = odeint(tendency, initial, returned, method="rk4", options=options)
            return found if trajectory else (torch.autograd.grad(found[-1].square().sum(), initial)[0], found[-1].detach())

        return call, lambda found: found[STEPS["gradient"] if trajectory else 1]

    measure(f"torchdiffeq {version('torchdiffeq')}, torch {version('torch')}", prepare)


if __name__ == "__main__":
    {"diffrax": measure_diffrax, "torchdiffeq": measure_torchdiffeq}[sys.argv[1]]()
