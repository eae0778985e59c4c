import numpy as np

from geodl.metrics import NowcastScores


def _result(observed, codes, probability):
    scores = NowcastScores(leads=1)
    scores.update(np.uint8(observed)[None, None], np.uint8(codes)[None, None], np.float32(probability)[None, None])
    return {name: float(value[0]) for name, value in scores.by_lead_time().items()}


def test_scores_equal_their_definitions():
    # One hit, one miss, one false alarm, one correct negative; the classes agree once.
    result = _result([5, 6, 1, 2], [5, 1, 7, 1], [0.9, 0.2, 0.6, 0.1])
    assert np.isclose(result["binary_accuracy"], 0.5)
    assert np.isclose(result["f1"], 0.5)
    assert np.isclose(result["csi"], 1 / 3)
    assert np.isclose(result["bias"], 1.0)
    assert np.isclose(result["brier"], (0.01 + 0.64 + 0.36 + 0.01) / 4)
    assert np.isclose(result["class_accuracy"], 0.25)


def test_no_data_counts_neither_in_observation_nor_in_forecast():
    assert _result([5, 0, 5], [5, 6, 0], [1, 1, np.nan]) == _result([5], [5], [1])


def test_calibrated_probabilities_have_no_reliability_error():
    random = np.random.default_rng(0)
    probability = random.uniform(size=100_000)
    observed = np.where(random.uniform(size=probability.size) < probability, 5, 1)
    assert _result(observed, observed, probability)["reliability"] < 0.01
    assert _result(observed, observed, probability**3)["reliability"] > 0.1


def test_samples_are_pooled():
    random = np.random.default_rng(0)
    observed, codes = random.integers(0, 16, (2, 3, 4, 5, 6)).astype("uint8")
    probability = random.uniform(size=observed.shape)
    one_by_one, at_once = NowcastScores(4), NowcastScores(4)
    for o, c, p in zip(observed, codes, probability, strict=True):
        one_by_one.update(o, c, p)
    at_once.update(*(np.concatenate(list(a), axis=-1) for a in (observed, codes, probability)))
    for name, value in one_by_one.by_lead_time().items():
        np.testing.assert_allclose(value, at_once.by_lead_time()[name])
