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

from geodl import datasets, plotting
from geodl.baselines import CloudPersistence, OpticalFlow, SmoothedFlow
from geodl.errors import InputError
from geodl.metrics import NowcastScores
from geodl.themes.cases import Case, Cases

CASES = Cases(
    {
        config: Case(
            dataset="clouds",
            config=config,
            baselines=("persistence", "optical flow", "smoothed flow"),
            models={"plain CNN": "cloud_cnn", "U-Net": "cloud_unet"},
        )
        for config in ("msg_europe", "meteonet_sample")
    }
)


def approaches(case: str) -> dict:
    """What is compared in a case: {name: function that makes the model}."""
    classical = {"persistence": CloudPersistence, "optical flow": OpticalFlow, "smoothed flow": SmoothedFlow}
    return classical | CASES[case].published()


def evaluate(model, case: str | None = None, split: str = "test") -> NowcastScores:
    """Scores of a model or baseline on the whole fields of a split of a case, by default the first one.

    Raises:
        InputError: there is no such case.
    """
    setting = CASES[case or case_of(model)]
    scores, seconds = NowcastScores(), []
    for past, future in datasets.load(setting.dataset, setting.config, split, batch_size=1).as_numpy_iterator():
        start = time.perf_counter()
        fields = model.forward(past)
        if "CT" not in fields:
            raise InputError("Expected a model of cloud types; this one has classes of its own: score it by its `evaluate`.")
        seconds.append(time.perf_counter() - start)
        scores.update(future[0], fields["CT"][0], fields["cloud_probability"][0])
    scores.seconds = np.mean(seconds)
    return scores


def case_of(model) -> str:
    """The case of cards."""
    return next(iter(CASES))


def figure(compared: dict[str, NowcastScores], case: str):
    """Scores by lead time, one line an approach."""
    return plotting.nowcast_scores(compared)


def picture(observed, known, forecast):
    """A nowcast beside what was observed and persistence, or the classes of a model that has its own."""
    if "sample" in observed.dims:
        raise InputError("Expected one sample to draw; the dataset has a dimension `sample`: select one, or draw no picture.")
    if "CT" not in forecast:
        return plotting.classes(forecast)
    return plotting.nowcast(observed.sortby("time"), forecast, CloudPersistence().predict(known))
