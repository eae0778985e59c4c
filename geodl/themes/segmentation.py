"""Cloud-cover nowcasting: which pixels are cloudy, and with which type of cloud, in the next hour.

| | |
|---|---|
| input | six past frames of cloud type (16 codes, 0 is no data), 15 minutes apart, on any grid |
| output | probabilities of the codes in the next four frames; cloud cover is codes 5–15 |
| dataset | `clouds`, config `msg_europe` |
| splits | by time: the test targets are the last eight frames; validation also by place |
| criterion | cross-entropy of class and cloud mask |
| scores | per lead time, masked: binary accuracy, F1, CSI, bias, Brier score, reliability, accuracy over 15 classes |
"""

import time

import numpy as np

from geodl import datasets, plotting, zoo
from geodl.baselines import OpticalFlow, Persistence, SmoothedFlow
from geodl.errors import InputError
from geodl.metrics import NowcastScores

DATASET, SPLIT = "clouds", "test"
CASES = ("msg_europe", "meteonet_sample")
LEADS = ("+15 min", "+30 min", "+45 min", "+60 min")

APPROACHES = {
    "persistence": Persistence,
    "optical flow": OpticalFlow,
    "smoothed flow": SmoothedFlow,
    "plain CNN": lambda: zoo.load("cloud_cnn"),
    "U-Net": lambda: zoo.load("cloud_unet"),
}
BASELINES = ("persistence", "optical flow", "smoothed flow")


def evaluate(model, case: str = CASES[0], progress=lambda tiles: tiles) -> NowcastScores:
    """Scores of a model or baseline on the whole fields of the test split.

    Args:
        model: any `CloudNowcaster`.
        case: config of the dataset `clouds`.
        progress: wraps the list of tiles of a sample.
    """
    scores = NowcastScores(len(LEADS))
    for past, future in datasets.load(DATASET, case, SPLIT, batch_size=1).as_numpy_iterator():
        fields = model.forward(past, progress)
        scores.update(future[0], fields["CT"][0], fields["cloud_probability"][0])
    return scores


def compare(case: str = CASES[0], progress=lambda approaches: approaches):
    """Scores of every approach: {name: (NowcastScores, seconds a sample)}.

    Args:
        case: config of the dataset `clouds`.
        progress: wraps the list of approaches.
    """
    samples = sum(1 for _ in datasets.load(DATASET, case, SPLIT, batch_size=1))
    table = {}
    for name in progress(list(APPROACHES)):
        model = APPROACHES[name]()
        start = time.perf_counter()
        scores = evaluate(model, case)
        table[name] = (scores, (time.perf_counter() - start) / samples)
    return table


def rows(table) -> list[dict]:
    """The comparison as flat rows (approach, lead time, scores, seconds), for CSV."""
    return [
        {"approach": name, "lead_time": lead, **{k: round(float(v[i]), 4) for k, v in scores.result().items()},
         "seconds_per_sample": round(seconds, 3)}
        for name, (scores, seconds) in table.items()
        for i, lead in enumerate(LEADS)
    ]  # fmt: skip


def card_scores(model, progress=lambda tiles: tiles) -> dict[str, list[float]]:
    """Scores of a model as a card keeps them: four values each, rounded to four digits."""
    return {name: np.round(values, 4).tolist() for name, values in evaluate(model, progress=progress).result().items()}


def baseline_scores(model) -> dict[str, dict[str, list[float]]]:
    """Scores of the baselines, as a card keeps them."""
    return {name: card_scores(APPROACHES[name]()) for name in BASELINES}


def figure(table, case: str):
    """Scores by lead time, one line an approach."""
    return plotting.nowcast_scores(table, LEADS)


def picture(observed, known, forecast):
    """A nowcast beside what was observed and persistence."""
    if "sample" in observed.dims:
        raise InputError("Expected one sample to draw; the dataset has a dimension `sample`: select one, or draw no picture.")
    return plotting.nowcast(observed.sortby("time"), forecast, Persistence().predict(known))
