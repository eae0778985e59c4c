"""Scores of cloud nowcasts, accumulated sample by sample."""

import numpy as np

from geodl import cloud_types
from geodl.metrics.scores import Scores, rounded

BINS = 10


class NowcastScores(Scores):
    r"""Scores per lead time over the pixels where observation and forecast both have data.

    With hits \(h\), misses \(m\), false alarms \(f\) of cloud cover and probability \(p\) of it against \(o \in \{0, 1\}\):
    binary accuracy, F1 = 2h / (2h + m + f), CSI = h / (h + m + f), bias = (h + f) / (h + m), Brier score = mean (p − o)²,
    reliability error = \(\sum_k \frac{n_k}{N} |\bar p_k - \bar o_k|\) over ten bins of p, and accuracy over the 15 classes.

    Args:
        leads: number of lead times, 15 minutes apart.

    Attributes:
        seconds: a sample, where they were measured.

    References:
        Jolliffe and Stephenson (2012), Forecast verification, Wiley.
        Bröcker and Smith (2007), Increasing the reliability of reliability diagrams, Weather and Forecasting.

    Example:
        >>> scores = NowcastScores(leads=1)
        >>> scores.update(np.uint8([[[5, 1, 0]]]), np.uint8([[[5, 6, 6]]]), np.float32([[[0.9, 0.6, 0.6]]]))
        >>> scores.result()["csi"]
        [0.5]
    """

    SECONDS = "seconds_a_sample"

    def __init__(self, leads: int = 4):
        self.seconds = np.nan
        self.sums = {
            name: np.zeros(leads) for name in ("count", "hits", "misses", "false_alarms", "class_hits", "squared_error")
        }
        self.bins = {name: np.zeros((leads, BINS)) for name in ("count", "probability", "cloudy")}

    def update(self, observed: np.ndarray, codes: np.ndarray, probability: np.ndarray) -> None:
        """Adds one sample.

        Args:
            observed: codes (time, y, x), 0 where there is no data.
            codes: forecast codes (time, y, x).
            probability: forecast probability of cloud (time, y, x), NaN where there is no forecast.
        """
        for lead in range(len(observed)):
            known = (observed[lead] > 0) & (codes[lead] > 0)
            o, c, p = observed[lead][known], codes[lead][known], probability[lead][known].astype("float64")
            cloudy, forecast = o >= cloud_types.FIRST_CLOUDY, p > 0.5
            sums = {
                "count": o.size,
                "hits": np.sum(cloudy & forecast),
                "misses": np.sum(cloudy & ~forecast),
                "false_alarms": np.sum(~cloudy & forecast),
                "class_hits": np.sum(o == c),
                "squared_error": np.sum((p - cloudy) ** 2),
            }
            for name, value in sums.items():
                self.sums[name][lead] += value
            k = np.minimum((p * BINS).astype(int), BINS - 1)
            for name, weight in {"count": np.ones(p.shape), "probability": p, "cloudy": cloudy}.items():
                self.bins[name][lead] += np.bincount(k, weights=weight, minlength=BINS)

    def result(self) -> dict[str, list[float | None]]:
        """Scores as a card keeps them, one value a lead time."""
        return {name: [rounded(value) for value in values] for name, values in self.by_lead_time().items()}

    def rows(self) -> list[dict]:
        """Scores as lines of a table, one a lead time."""
        leads = len(self.sums["count"])
        return [
            {"lead_time": f"+{15 * (lead + 1)} min", **{name: values[lead] for name, values in self.result().items()}}
            | self.duration()
            for lead in range(leads)
        ]

    def by_lead_time(self) -> dict[str, np.ndarray]:
        """Each score, one value a lead time; NaN at a lead time without observations."""
        s = self.sums
        with np.errstate(invalid="ignore", divide="ignore"):
            gap = np.abs(self.bins["probability"] - self.bins["cloudy"]).sum(axis=1)
            return {
                "binary_accuracy": 1 - (s["misses"] + s["false_alarms"]) / s["count"],
                "f1": 2 * s["hits"] / (2 * s["hits"] + s["misses"] + s["false_alarms"]),
                "csi": s["hits"] / (s["hits"] + s["misses"] + s["false_alarms"]),
                "bias": (s["hits"] + s["false_alarms"]) / (s["hits"] + s["misses"]),
                "brier": s["squared_error"] / s["count"],
                "reliability": gap / s["count"],
                "class_accuracy": s["class_hits"] / s["count"],
            }

    def reliability_curve(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean probability, observed frequency and number of pixels (lead, bin)."""
        with np.errstate(invalid="ignore"):
            count = self.bins["count"]
            return self.bins["probability"] / count, self.bins["cloudy"] / count, count
