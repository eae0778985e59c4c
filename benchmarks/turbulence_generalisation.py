"""Closures of the subgrid flux in turbulence of another kind than `dns64`, where the networks were trained; a priori.

python benchmarks/turbulence_generalisation.py decay64 dns128    configs of the dataset, dns64 by default
"""

import sys

from geodl import datasets, zoo
from geodl.baselines import DynamicGradientFlux, DynamicSmagorinskyFlux, GradientFlux
from geodl.metrics import closure_scores
from geodl.models.subgrid_flux_model import FIELDS, FLUX

CLOSURES = {
    "SGTNN": lambda: zoo.load("turbulence_sgtnn"),
    "CNN": lambda: zoo.load("turbulence_cnn"),
    "dynamic Smagorinsky": DynamicSmagorinskyFlux,
    "gradient model": GradientFlux,
    "dynamic gradient model": DynamicGradientFlux,
}


def compare(ds) -> None:
    """Prints a line of scores for each closure."""
    truth = ds[FLUX].values
    for name, make in CLOSURES.items():
        found = make().predict(ds[list(FIELDS)])[FLUX].values
        scores = closure_scores.relative_mse(found, truth), closure_scores.correlation(found, truth)
        error = closure_scores.dissipation_error(found, truth, ds.scalar.values)
        print(
            f"{name:24s} relative MSE {scores[0]:.3f}, correlation {scores[1]:.3f}, dissipation error {error:.3f}", flush=True
        )


if __name__ == "__main__":
    for config in sys.argv[1:] or ["dns64"]:
        print(f"{config}, test runs")
        compare(datasets.open_dataset("turbulence", config, "test"))
