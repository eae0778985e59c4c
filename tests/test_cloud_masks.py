import numpy as np
import pytest

from geodl.cloud_masks import simulated_cloud_masks, withheld_observations


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_clouds_persist_from_day_to_day_and_from_pixel_to_pixel():
    masks = simulated_cloud_masks(120, 64, 64, seed=3).astype(float)
    assert 0.5 < masks.mean() < 0.8
    assert 0.15 < correlation(masks[1:], masks[:-1]) < 0.5
    near, far = correlation(masks[:, :, 1:], masks[:, :, :-1]), correlation(masks[:, :, 16:], masks[:, :, :-16])
    assert near > 0.85 > far > 0.5


def test_clouds_change_less_in_an_hour_than_in_a_day():
    hour, day = (simulated_cloud_masks(2, 256, 256, hours=hours, seed=3) for hours in (1.0, 24.0))
    assert correlation(hour[0], hour[1]) > correlation(day[0], day[1])


def test_same_seed_gives_the_same_clouds():
    np.testing.assert_array_equal(simulated_cloud_masks(2, 8, 8, seed=5), simulated_cloud_masks(2, 8, 8, seed=5))


def test_masks_larger_than_the_domain_and_impossible_coverages_are_refused():
    with pytest.raises(ValueError, match="at most 512"):
        simulated_cloud_masks(1, 600, 8)
    with pytest.raises(ValueError, match="between 0 and 1"):
        simulated_cloud_masks(1, 8, 8, coverage=1.0)


def test_what_is_withheld_was_observed_and_some_of_each_day_is_left():
    seen = ~simulated_cloud_masks(40, 32, 32, seed=1)
    withheld = withheld_observations(seen, share=0.2)
    assert not (withheld & ~seen).any() and 0.2 <= withheld.sum() / seen.sum() < 0.25
    assert (seen & ~withheld)[seen.any(axis=(1, 2))].any(axis=(1, 2)).all()
    assert withheld_observations(np.ones((2, 8, 8), bool), share=0.25).sum() == 32  # where there are no gaps to copy
