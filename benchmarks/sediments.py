"""Compares the simulated sea with MODIS medians, and the simulated clouds with a real scene.

    python benchmarks/sediments.py sources-directory --picture sediments.png

It needs the extra `geotiff` and the files that `datasets/sediments/README.md` and `datasets/clouds/README.md` name.
"""

import argparse
from pathlib import Path

import numpy as np
import rioxarray
from matplotlib import pyplot as plt

from geodl import datasets
from geodl.cloud_masks import simulated_cloud_masks

COARSE = 10  # pixels of 300 m in one of 3 km
SEASONS = {"winter": (12, 1, 2), "spring": (3, 4, 5), "summer": (6, 7, 8), "fall": (9, 10, 11)}


def modis(folder: Path, season: str) -> np.ndarray:
    """log10 of a seasonal median (y, x), on pixels of 3 km."""
    (path,) = folder.rglob(f"fundy_modis_spm_Median{season}*.tif")
    field = rioxarray.open_rasterio(path, masked=True).squeeze()
    return np.log10(field.coarsen(y=COARSE, x=COARSE, boundary="trim").mean().values)


def variogram(field: np.ndarray) -> np.ndarray:
    """Mean squared difference between pixels 1, 2, 4, 8 and 16 apart, halved."""
    differences = [(field[lag:] - field[:-lag], field[:, lag:] - field[:, :-lag]) for lag in (1, 2, 4, 8, 16)]
    return np.array([np.nanmean(np.concatenate([d.ravel() for d in pair]) ** 2) / 2 for pair in differences])


def compare_sediments(folder: Path, axes) -> None:
    """Prints quantiles and variograms of seasonal medians, and draws them."""
    ds = datasets.open_dataset("sediments", "osse", "train")
    print("season  source     log10 of the median, quantiles 5 25 50 75 95 %     variogram at 1 2 4 8 16 pixels")
    for axis, (season, months) in zip(axes, SEASONS.items(), strict=True):
        simulated = np.log10(ds.truth.sel(time=ds.time.dt.month.isin(months)).median("time").values)
        for name, field in (("MODIS", modis(folder, season)), ("simulated", simulated)):
            quantiles, squares = np.nanquantile(field, [0.05, 0.25, 0.5, 0.75, 0.95]), variogram(field)
            print(f"{season:7} {name:10} {np.array2string(quantiles, precision=2):45} {np.array2string(squares, precision=4)}")
            axis.loglog([1, 2, 4, 8, 16], squares, "o-", label=name)
        axis.set(title=f"variogram of the median, {season}", xlabel="pixels of 3 km")
    axes[0].legend()


def compare_clouds(axes) -> None:
    """Prints and draws coverage and correlations of real and simulated masks."""
    scene = datasets.open_dataset("clouds", "msg_europe", "test").CT[:, 0].values >= 5
    simulated = simulated_cloud_masks(60, 512, 512)
    for name, masks in (("real, every 15 min", scene), ("simulated, every day", simulated)):
        squares = masks[:, : masks.shape[1] // 64 * 64, : masks.shape[2] // 64 * 64]
        coverage = squares.reshape(len(masks), -1, 64, squares.shape[2] // 64, 64).mean(axis=(2, 4)).ravel()
        values = masks.astype("float32")
        lags = np.array([1, 2, 4, 8, 16, 32, 64])
        space = [np.corrcoef(values[:, :, lag:].ravel(), values[:, :, :-lag].ravel())[0, 1] for lag in lags]
        time = np.corrcoef(values[1:].ravel(), values[:-1].ravel())[0, 1]
        full, clear = np.mean(coverage > 0.99), np.mean(coverage < 0.01)
        print(f"clouds, {name}: coverage {coverage.mean():.2f}, full {full:.2f}, clear {clear:.2f};", end=" ")
        print(f"correlation at {lags} pixels {np.round(space, 2)}, of one mask and the next {time:.2f}")
        axes[0].hist(coverage, bins=20, density=True, alpha=0.5, label=name)
        axes[1].semilogx(lags, space, "o-", label=name)
    axes[0].set(title="coverage of 64 x 64 pixels")
    axes[1].set(title="correlation of masks", xlabel="pixels")
    axes[0].legend()


def main() -> None:
    """Prints the comparison and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("--picture", type=Path, default=Path("sediments.png"))
    arguments = parser.parse_args()
    figure, axes = plt.subplots(2, 3, figsize=(12, 7), layout="constrained")
    compare_sediments(arguments.sources, axes.flat[:4])
    compare_clouds(axes.flat[4:])
    figure.savefig(arguments.picture, dpi=80)


if __name__ == "__main__":
    main()
