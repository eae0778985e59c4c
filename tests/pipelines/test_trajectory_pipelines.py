import numpy as np
import pytest

from geodl import pipelines
from geodl.trajectory_builder import Observations


def test_targets_follow_their_states_by_whole_strides():
    """Run and time are read off the states themselves."""
    states = (1000 * np.arange(3)[:, None] + np.arange(30)[None])[..., None].astype("float32")
    start, later = (field.numpy() for field in next(iter(pipelines.trajectory_windows(states, -states, 4, stride=3, seed=2))))
    np.testing.assert_array_equal(-later[:, :, 0] - start, np.tile(3.0 * np.arange(1, 5), (64, 1)))
    assert set(start[:, 0] // 1000) == {0, 1, 2} and (start[:, 0] % 1000).max() == 30 - 4 * 3 - 1


def test_trajectories_shorter_than_a_window_are_refused():
    with pytest.raises(ValueError, match="A window of 5 steps of 2 needs 11 states, found 10"):
        pipelines.trajectory_windows(np.zeros((1, 10, 1)), np.zeros((1, 10, 1)), horizon=5, stride=2)


@pytest.mark.parametrize(("components", "share"), [((0,), 1 / 3), (2, 2 / 3)])
def test_observed_windows_are_states_with_noise_where_the_plan_says(components, share):
    plan = Observations(every=4, first=1, last=13, components=components, variance=0.25)
    states = np.random.default_rng(0).normal(size=(2, 60, 3)).astype("float32")
    observations, truth = (field.numpy() for field in next(iter(pipelines.observed_windows(states, plan, 16, batch_size=500))))
    seen = np.isfinite(observations)
    assert set(np.flatnonzero(seen.any(axis=(0, 2)))) == {1, 5, 9, 13}
    assert seen[:, plan.first].mean() == pytest.approx(share)
    assert (observations - truth)[seen].var() == pytest.approx(0.25, rel=0.1)
