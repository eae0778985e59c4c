"""Seconds a window of assimilation methods, warm, all windows at once; with `--dapper PYTHON`, the EnKF beside DAPPER's.

python benchmarks/assimilation.py
python benchmarks/assimilation.py --dapper /path/to/an/environment/with/dapper/bin/python
"""

import argparse
import subprocess
import time

import numpy as np

from geodl import zoo
from geodl.baselines import EnKF, EnKS, WeakConstraint4DVar
from geodl.dynamics import Lorenz63, Lorenz96
from geodl.themes import assimilation

# The same twin experiment: 40 components, all seen at each of 200 times, 40 members.
DAPPER = """
import time
import dapper, dapper.da_methods as da
from dapper.mods.Lorenz96.sakov2008 import HMM
HMM.tseq.T, HMM.tseq.BurnIn = 200 * 0.05, 0
xx, yy = HMM.simulate()
method = da.EnKF("PertObs", N=40, infl=1.06)
start = time.perf_counter()
method.assimilate(HMM, xx, yy, liveplots=False)
print(time.perf_counter() - start)
"""


def seconds_a_window(run, windows: int) -> float:
    """Best of two warm runs."""
    run()
    times = []
    for _ in range(2):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) / windows


def lorenz63(windows: int = 500) -> None:
    """The published models beside the classical smoothers."""
    ds = assimilation.sampled_windows("lorenz63", "test_independent", windows)
    states = assimilation.sampled_windows("lorenz63", "train", 2_000).state.values.astype("float64")
    methods = {
        "direct network": zoo.load("lorenz63_direct"),
        "4DVarNet": zoo.load("lorenz63_4dvarnet"),
        "EnKS, 500 members": EnKS(Lorenz63(), 3, 0.01, 500).estimate(states),
        "weak 4D-Var": WeakConstraint4DVar(Lorenz63(), 3, 0.01).estimate(states),
    }
    found = {name: seconds_a_window(lambda m=method: m.predict(ds), windows) for name, method in methods.items()}
    for name, seconds in found.items():
        print(
            f"{name:20s} {1e3 * seconds:9.3f} ms a window; weak 4D-Var takes {found['weak 4D-Var'] / seconds:6.1f} times that"
        )


def enkf(python: str, windows: int = 100) -> None:
    """EnKF on Lorenz-96, 200 analyses of 40 members."""
    observations = np.random.default_rng(0).standard_normal((windows, 200, 40)).astype("float32") + 2
    model = EnKF(Lorenz96(), 40, 0.05, members=40, variance=1.0, inflation=1.06).estimate(
        np.random.default_rng(1).normal(2, 3, (1, 500, 40))
    )
    ours = seconds_a_window(lambda: model(observations), windows)
    run = subprocess.run([python, "-c", DAPPER], capture_output=True, text=True, check=True)
    theirs = float(run.stdout.split()[-1])
    print(f"EnKF, Lorenz-96: {1e3 * ours:.1f} ms a window, DAPPER {1e3 * theirs:.1f} ms: {theirs / ours:.1f} times as long")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dapper", help="Python of an environment with DAPPER")
    arguments = parser.parse_args()
    lorenz63()
    if arguments.dapper:
        enkf(arguments.dapper)
