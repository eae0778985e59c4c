"""A station of other exposure has the features that its winds would have had."""

import numpy as np
from numpy.testing import assert_allclose

from geodl.models.station_exposure import LAYOUT, exposed
from geodl.models.station_features import NEIGHBOUR_LAGS, hours_ahead, station_features
from geodl.models.wind_attention import FEATURES

FACTOR, ANGLE = np.array([1.3, 0.8, 1.0]), np.array([0.4, -2.0, 0.0])  # of three stations


def test_features_are_those_of_a_series_that_is_stronger_and_turned():
    random = np.random.default_rng(0)
    times = np.datetime64("2020-01-01T00", "h") + np.arange(800)
    values = random.standard_normal((800, 3, 7))
    values[..., 2], values[..., 6] = np.hypot(values[..., 0], values[..., 1]), 0
    wind = FACTOR * (values[..., 0] + 1j * values[..., 1]) * np.exp(1j * ANGLE)
    other = np.concatenate([np.stack([wind.real, wind.imag, np.abs(wind)], axis=-1), values[..., 3:]], axis=-1)
    hours = np.array([10, 750])  # much is missing at the first one
    theirs, ours = station_features(other, times, hours), station_features(values, times, hours)
    ours = np.concatenate([ours, random.standard_normal((2, 3, 18))], axis=-1).astype("float32")
    batched = [np.tile(part.astype("float32")[:, None], (2, 1, 1)) for part in (FACTOR, ANGLE)]
    found, after = exposed(ours, hours_ahead(values[..., :3], hours).astype("float32"), *batched)
    # All but the means of the network, which one station hardly changes.
    own = np.ones(152, bool)
    own[110 : 110 + 3 * NEIGHBOUR_LAGS] = False
    assert_allclose(np.asarray(found)[..., :152][..., own], theirs[..., own], rtol=1e-3, atol=1e-4)
    assert_allclose(after, hours_ahead(other[..., :3], hours), rtol=1e-4, atol=1e-5)


def test_every_feature_has_a_place_in_the_layout_and_none_changes_at_a_site_that_stays():
    assert len(LAYOUT) == FEATURES
    features = np.random.default_rng(0).standard_normal((4, 3, FEATURES)).astype("float32")
    found, _ = exposed(
        features, np.zeros((4, 3, 6, 3), "float32"), np.ones((4, 3, 1), "float32"), np.zeros((4, 3, 1), "float32")
    )
    assert_allclose(found, features)
