"""Baselines that learn from data say so where they were given none."""

import numpy as np
import pytest

from geodl.baselines import (
    CorrelatedWalk,
    DailySpeedAutoregression,
    HiddenMarkovWalk,
    OrnsteinUhlenbeckWalk,
    PolynomialMap,
    SINDy,
    StationAnalogues,
    StationClimatology,
    StationRecentRegression,
    StationRegression,
    StationWeatherCorrection,
    TripBootstrap,
)
from geodl.errors import InputError


def of_stations(model):
    times = np.datetime64("2020-01-01T00", "h") + np.arange(200)
    return model.forecast(np.ones((200, 2, 7)), times, np.array([199]))


def of_states(model):
    return model.forward(np.ones((1, 8, 3), "float32"), steps=2)


@pytest.mark.parametrize(
    ("make", "use"),
    [
        *(
            (make, of_stations)
            for make in (
                StationRegression,
                StationRecentRegression,
                StationAnalogues,
                StationClimatology,
                StationWeatherCorrection,
            )
        ),
        (DailySpeedAutoregression, lambda model: model.forecast(np.ones((9, 2)), np.datetime64("2020-01-01") + np.arange(9))),
        (lambda: PolynomialMap(3, 0.01, degree=2), of_states),
        (lambda: SINDy(3, 0.01), of_states),
        *(
            (make, lambda walk: walk.sample(2))
            for make in (CorrelatedWalk, OrnsteinUhlenbeckWalk, HiddenMarkovWalk, TripBootstrap)
        ),
    ],
)
def test_a_baseline_that_has_seen_no_data_asks_for_some(make, use):
    model = make()
    with pytest.raises(InputError, match=f"{type(model).__name__} has learned from no data yet: call `estimate`"):
        use(model)
