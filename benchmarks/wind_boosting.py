"""Wind at stations: `wind_attention` beside gradient boosting of scikit-learn, refitted in the same run on the same features.

    python benchmarks/wind_boosting.py

Needs `pip install scikit-learn`. Boosting sees besides the last speed of every station; it is fitted to each lead time and to
speed, u and v apart, and all that twice: to the `station_features`, and to these with the `RecentRegression` of each station,
which the network has, too. Its CRPS is that of a Gaussian, whose standard deviation is that of its errors on the validation
split. Then the time of one forecast of eight stations.
"""

import time

import numpy as np

from geodl import datasets, zoo
from geodl.metrics import gaussian_crps
from geodl.models.recent_regression import TARGETS
from geodl.models.station_features import LAGS, LEADS, hours_ahead, station_values
from geodl.themes import forecasting

SHOWN = (1, 3, 6)


def samples(model, split: str):
    """Features (sample, feature), the recent regression last, and targets (sample, lead, 3), NaN where not counted."""
    ds = datasets.open_dataset("wind_stations", "beijing", split)
    values = station_values(ds)
    hours = np.arange(LAGS, len(values) - LEADS)
    features = model.features(values, ds.time.values, hours)
    others = np.broadcast_to(values[hours, None, :, 2], (*features.shape[:2], values.shape[1]))
    counted = np.where(ds.distinct.values[..., None] > 0, values[..., :3], np.nan)
    found = np.concatenate([features[..., :-TARGETS], others, features[..., -TARGETS:]], axis=-1)
    return found.reshape(-1, found.shape[-1]), hours_ahead(counted, hours).reshape(-1, LEADS, 3)


def boosting(data: dict):
    """RMSE of u, v and speed, and CRPS of the speed, each {lead: m/s}, on the test split of the `samples` {split: pair}."""
    from sklearn.ensemble import HistGradientBoostingRegressor

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


def forecast_time(model) -> str:
    """Seconds of one forecast of eight stations from all of the past that is used."""
    ds = datasets.open_dataset("wind_stations", "beijing", "test").isel(time=slice(model.memory))
    seconds, processor = [], []
    for _ in range(101):
        start = time.perf_counter(), time.process_time()
        model.predict(ds)
        seconds.append(time.perf_counter() - start[0])
        processor.append(time.process_time() - start[1])
    first, wall, own = (1000 * part for part in (seconds[0], np.median(seconds[1:]), np.median(processor[1:])))
    return f"one forecast of eight stations: first {first:.0f} ms, then {wall:.1f} ms in the median ({own:.1f} ms of processor)"


def main() -> None:
    """Prints all of them, and the ratio of the network to each boosting."""
    model = zoo.load("wind_attention")
    scores = forecasting.evaluate(model).result()
    data = {split: samples(model, split) for split in ("train", "validation", "test")}
    peers = boosting({split: (x[:, :-TARGETS], y) for split, (x, y) in data.items()}), boosting(data)
    print(f"{'':8s}{'lead':>5s}{'boosting':>10s}{'and recent':>12s}{'attention':>11s}{'ratios':>8s}")
    for name, score in (("speed", "speed_rmse"), ("crps", "crps"), ("u", "u_rmse"), ("v", "v_rmse")):
        for lead in SHOWN:
            ours, (one, two) = scores[score][lead - 1], (peer[name, lead] for peer in peers)
            print(f"{name:8s}{lead:4d}h{one:10.4f}{two:12.4f}{ours:11.4f}{ours / one:8.3f}{ours / two:7.3f}")
    print(forecast_time(model))


if __name__ == "__main__":
    main()
