"""What a linear estimate of the simulated sediments needs: days of a window, and days to learn their covariances from.

    python benchmarks/linear_interpolation.py

RMSE in gaps on the test days, log10, of reduced-space interpolation with the local interpolation of its residual, which learn
from the training days of `osse` or of `osse_long`. The published models learn from windows and days as on the last line.
"""

from geodl import datasets, zoo
from geodl.baselines import OptimalInterpolation
from geodl.themes import interpolation

MODES = 40
MODELS = ("sediment_unet", "sediment_4dvarnet")


def linear_error(config: str, lags: int) -> tuple[int, float]:
    """Days of a training series, and the error of the estimate from windows of `lags` days."""
    ds = datasets.open_dataset("sediments", config, "train")
    model = OptimalInterpolation(MODES, lags).estimate(ds)
    return ds.sizes["time"], interpolation.evaluate(model, "sediments").result()["rmse_gaps"][0]


def main() -> None:
    """Prints the errors, and those of the published models as shares of them."""
    errors = {name: interpolation.evaluate(zoo.load(name)).result()["rmse_gaps"][0] for name in MODELS}
    print(f"{'window':>8}{'learned from':>16}{'RMSE':>8}" + "".join(f"{name:>20}" for name in MODELS))
    for config in ("osse", "osse_long"):
        for lags in (3, 9, 15):
            days, error = linear_error(config, lags)
            shares = "".join(f"{found / error:20.3f}" for found in errors.values())
            print(f"{lags:3d} days{days:11d} days{error:8.4f}{shares}", flush=True)


if __name__ == "__main__":
    main()
