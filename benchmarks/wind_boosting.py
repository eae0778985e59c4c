"""Wind at stations: `wind_attention` beside gradient boosting of scikit-learn, refitted in the same run on the same features.

    python benchmarks/wind_boosting.py

Needs `pip install scikit-learn`. Boosting sees besides the last speed of every station; it is fitted to each lead time and to
speed, u and v apart. Its CRPS is that of a Gaussian, whose standard deviation is that of its errors on the validation split.
Then the time of one forecast of eight stations.
"""

import time

import numpy as np

from geodl import datasets, zoo
from geodl.metrics import gaussian_crps
from geodl.models.station_features import LAGS, LEADS, hours_ahead, station_features, station_values
from geodl.themes import forecasting

SHOWN = (1, 3, 6)


def samples(split: str):
    """Features (sample, feature), and targets (sample, lead, 3): u, v and speed, NaN where not counted."""
    ds = datasets.open_dataset("wind_stations", "beijing", split)
    values = station_values(ds)
    hours = np.arange(LAGS, len(values) - LEADS)
    features = station_features(values, ds.time.values, hours)
    others = np.broadcast_to(values[hours, None, :, 2], (*features.shape[:2], values.shape[1]))
    counted = np.where(ds.distinct.values[..., None] > 0, values[..., :3], np.nan)
    targets = hours_ahead(counted, hours)
    return np.concatenate([features, others], axis=-1).reshape(-1, features.shape[-1] + others.shape[-1]), targets.reshape(
        -1, LEADS, 3
    )


def boosting():
    """RMSE of u, v and speed, and CRPS of the speed, each {lead: m/s}, on the test split."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    data = {split: samples(split) for split in ("train", "validation", "test")}
    found = {}
    for lead in SHOWN:
        for place, name in enumerate(("u", "v", "speed")):
            known = {split: np.isfinite(targets[:, lead - 1, place]) for split, (_, targets) in data.items()}
            model = HistGradientBoostingRegressor(
                max_iter=400,
                learning_rate=0.05,
                min_samples_leaf=60,
                l2_regularization=1.0,
                early_stopping=False,
                random_state=0,
            )
            pairs = {s: (x[known[s]], y[known[s], lead - 1, place]) for s, (x, y) in data.items()}
            model.fit(*pairs["train"])
            deviation = np.std(model.predict(pairs["validation"][0]) - pairs["validation"][1])
            forecast, truth = model.predict(pairs["test"][0]), pairs["test"][1]
            found[name, lead] = np.sqrt(np.mean((forecast - truth) ** 2))
            if name == "speed":
                found["crps", lead] = float(np.mean(gaussian_crps(forecast, np.full(len(truth), deviation), truth)))
    return found


def main() -> None:
    """Prints both and their ratio."""
    model = zoo.load("wind_attention")
    scores = forecasting.evaluate(model).result()
    peer = boosting()
    print(f"{'':8s}{'lead':>5s}{'boosting':>10s}{'attention':>11s}{'ratio':>7s}")
    for name, score in (("speed", "speed_rmse"), ("crps", "crps"), ("u", "u_rmse"), ("v", "v_rmse")):
        for lead in SHOWN:
            ours = scores[score][lead - 1]
            print(f"{name:8s}{lead:4d}h{peer[name, lead]:10.4f}{ours:11.4f}{ours / peer[name, lead]:7.3f}")
    ds = datasets.open_dataset("wind_stations", "beijing", "test").isel(time=slice(720))
    seconds = []
    for _ in range(10):
        start = time.perf_counter()
        model.predict(ds)
        seconds.append(time.perf_counter() - start)
    print(f"one forecast of eight stations: first {1000 * seconds[0]:.0f} ms, then {1000 * min(seconds[1:]):.0f} ms")


if __name__ == "__main__":
    main()
