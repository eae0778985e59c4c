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

from geodl import datasets, zoo
from geodl.baselines import OpticalFlow, Persistence, SmoothedFlow
from geodl.metrics import NowcastScores

DATASET, CONFIG, SPLIT = "clouds", "msg_europe", "test"
LEADS = ("+15 min", "+30 min", "+45 min", "+60 min")

APPROACHES = {
    "persistence": Persistence,
    "optical flow": OpticalFlow,
    "smoothed flow": SmoothedFlow,
    "plain CNN": lambda: zoo.load("cloud_cnn"),
    "U-Net": lambda: zoo.load("cloud_unet"),
}
BASELINES = ("persistence", "optical flow", "smoothed flow")


def evaluate(model, config: str = CONFIG, split: str = SPLIT, progress=lambda tiles: tiles) -> NowcastScores:
    """Scores of a model or baseline on the whole fields of a split.

    Args:
        model: any `CloudNowcaster`.
        config: of the dataset `clouds`.
        split: of that config.
        progress: wraps the list of tiles of a sample.
    """
    scores = NowcastScores(len(LEADS))
    for past, future in datasets.load(DATASET, config, split, batch_size=1).as_numpy_iterator():
        fields = model.predict_fields(past, progress)
        scores.update(future[0], fields["CT"][0], fields["cloud_probability"][0])
    return scores


def compare(config: str = CONFIG, split: str = SPLIT, progress=lambda approaches: approaches):
    """Scores of every approach: {name: (NowcastScores, seconds a sample)}.

    Args:
        config: of the dataset `clouds`.
        split: of that config.
        progress: wraps the list of approaches.
    """
    samples = sum(1 for _ in datasets.load(DATASET, config, split, batch_size=1))
    table = {}
    for name in progress(list(APPROACHES)):
        model = APPROACHES[name]()
        start = time.perf_counter()
        scores = evaluate(model, config, split)
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


def card_scores(scores: NowcastScores) -> dict[str, list[float]]:
    """Scores as a card keeps them: four values each, rounded to four digits."""
    return {name: np.round(values, 4).tolist() for name, values in scores.result().items()}
