"""Speed of ODEIntegrator beside diffrax and torchdiffeq, and memory of its gradient.

python benchmarks/ode.py --peers PYTHON   PYTHON: interpreter that has jax, diffrax, torch and torchdiffeq; else geodl alone
python benchmarks/ode.py --memory         growth of the gradient's peak memory with the number of steps; Linux only
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from ode_peers import STEPS, initial_states, measure

from geodl.dynamics import Lorenz63, Lorenz96
from geodl.layers import ODEIntegrator

TOLERANCE, MEMORY_STEPS, MEMORY_BATCH = 1e-2, (1000, 4000, 16000), 4096


def measure_geodl() -> None:
    """All cells with geodl, compiled by XLA; sync_devices waits for results, as block_until_ready does in JAX."""

    def prepare(system, kind, states, dt):
        dynamics, states = {"Lorenz-63": Lorenz63, "Lorenz-96": Lorenz96}[system](), tf.constant(states)
        trajectory = kind == "forward"
        # Time first, as the peers return trajectories.
        integrator = ODEIntegrator(dynamics, dt, STEPS[kind], save_every=1 if trajectory else None, time_major=True)
        compiled = tf.function(integrator, jit_compile=True) if trajectory else squared_gradient(integrator)
        wait = tf.test.experimental.sync_devices
        return lambda: (compiled(states), wait())[0], lambda found: found[STEPS["gradient"] - 1] if trajectory else found[1]

    measure(f"tensorflow {tf.__version__}", prepare)


def squared_gradient(integrator: Callable) -> Callable:
    """Compiled function from initial states to the gradient of the sum of the squared last states, and these."""

    def gradient(states):
        with tf.GradientTape() as tape:
            tape.watch(states)
            last = integrator(states)
            loss = tf.reduce_sum(tf.square(last))
        return tape.gradient(loss, states), last

    return tf.function(gradient, jit_compile=True)


def run(*command: str | Path) -> list:
    """What a subprocess printed, JSON line by line."""
    finished = subprocess.run(command, capture_output=True, text=True)
    if finished.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} failed:\n{finished.stderr}")
    return [json.loads(line) for line in finished.stdout.splitlines()]


def compare(peers: str | None) -> None:
    """Measures one library after another; prints the table and its summary."""
    cells = {"geodl": run(sys.executable, __file__, "--child")}
    cells |= {name: run(peers, Path(__file__).with_name("ode_peers.py"), name) for name in ("diffrax", "torchdiffeq") if peers}
    print(f"float32, {os.cpu_count()} cores; {'; '.join(found.pop(0) for found in cells.values())}\n")
    cells = {name: {tuple(cell): numbers for cell, numbers in found} for name, found in cells.items()}
    geodl, others = cells["geodl"], {name: found for name, found in cells.items() if name != "geodl"}
    ratios = {name: {cell: found[cell]["best"] / geodl[cell]["best"] for cell in geodl} for name, found in others.items()}
    columns = [f"{name + ' ms':>15s}{'first s':>8s}" for name in cells] + [f"{name + '/geodl':>18s}" for name in others]
    print(f"{'cell':25s}{''.join(columns)}")
    for cell in geodl:
        row = [f"{1e3 * found[cell]['best']:15.3f}{found[cell]['first']:8.2f}" for found in cells.values()]
        row += [f"{ratio[cell]:18.2f}" for ratio in ratios.values()]
        print(f"{cell[0]} {cell[1]:8s} {cell[2]:5d} {''.join(row)}")
    if peers:
        check_agreement(geodl, others)
        count = sum(ratio >= 1 for ratio in ratios["diffrax"].values())
        print(f"\ngeodl's throughput is at least diffrax's in {count} of {len(geodl)} cells.")
        factors = [f"{ratio:.1f} ({cell[0]} {cell[1]})" for cell, ratio in ratios["torchdiffeq"].items() if cell[2] == 64]
        print(f"At batch 64, torchdiffeq takes so many times as long as geodl: {', '.join(factors)}.")
    slowest = max(geodl, key=lambda cell: geodl[cell]["first"])
    print(f"The longest first call of geodl takes {geodl[slowest]['first']:.1f} s ({' '.join(map(str, slowest))}).")


def check_agreement(geodl: dict, others: dict) -> None:
    """Raises RuntimeError where a library's states after the steps of a gradient are not close to geodl's."""
    for name, cell in itertools.product(others, geodl):
        ours, theirs = (np.array(found[cell]["state"]) for found in (geodl, others[name]))
        error = np.linalg.norm(theirs - ours) / np.linalg.norm(ours)
        if not error < TOLERANCE:
            raise RuntimeError(f"The states of {name} differ from geodl's by {error:.1e} of their size in {cell}.")


def peak_megabytes() -> float:
    """Largest resident memory of this process since the last reset."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3


def measure_memory(steps: int, checkpoint: int) -> None:
    """Prints, as JSON, the peak memory of a compiled gradient's second call above that before: the first one compiles."""
    compiled = squared_gradient(ODEIntegrator(Lorenz63(), 0.01, steps, checkpoint=bool(checkpoint)))
    states = tf.constant(initial_states(MEMORY_BATCH, 3))
    compiled(states)
    # Resets the peak to what is resident now.
    Path("/proc/self/clear_refs").write_text("5")
    before, start = peak_megabytes(), time.perf_counter()
    compiled(states)
    print(json.dumps([peak_megabytes() - before, time.perf_counter() - start]))


def print_memory() -> None:
    """Table of peak memory by steps, with the exponent of its growth."""
    print(f"Gradient through Lorenz-63, batch {MEMORY_BATCH}: {MEMORY_BATCH * 12 / 1e6:.2f} MB a state")
    print("checkpoint" + "".join(f"{f'{steps} steps':>22s}" for steps in MEMORY_STEPS) + "  exponent")
    for checkpoint in (0, 1):
        found = [run(sys.executable, __file__, "--child", str(steps), str(checkpoint))[0] for steps in MEMORY_STEPS]
        exponent = np.polyfit(np.log(MEMORY_STEPS), np.log([megabytes for megabytes, _ in found]), 1)[0]
        row = "".join(f"{megabytes:11.1f} MB {seconds:5.1f} s" for megabytes, seconds in found)
        print(f"{bool(checkpoint)!s:10s}{row}{exponent:10.2f}", flush=True)


def main() -> None:
    """Speed, or memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", help="Python interpreter of the environment of diffrax and torchdiffeq")
    parser.add_argument("--memory", action="store_true", help="measure memory instead of speed")
    parser.add_argument("--child", nargs="*", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        measure_memory(*options.child) if options.child else measure_geodl()
    elif options.memory:
        print_memory()
    else:
        compare(options.peers)


if __name__ == "__main__":
    main()
