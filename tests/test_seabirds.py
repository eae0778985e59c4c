import os

import numpy as np
import pandas as pd
import pytest
from foraging_tracks import COLONY, flight, tracks

from geodl import datasets, pipelines
from geodl.errors import InputError
from geodl.trips import unproject
from geodl_datasets.seabirds.seabirds_dataset_builder import Builder

SPLITS = ("train", "validation", "test", "all")
REAL = pytest.mark.skipif(not os.environ.get("GEODL_SOURCES"), reason="the files of the birds do not ship")


def published_table(birds=8):
    """Two trips a bird, as the publication has them."""
    parts = []
    for bird in range(birds):
        for trip in (1, 2):
            time, position = flight(40 + 5 * bird, bearing=bird)
            lon, lat = unproject(*position.T, COLONY)
            times = pd.Timestamp("2008-11-01") + pd.Timedelta(days=trip) + pd.to_timedelta(time, "min")
            name = f"P1108_{bird}_SV_T{trip}"
            parts.append(pd.DataFrame({"trip": name, "lon": lon, "lat": lat, "dive": 0.25, "datetime": times}))
    return pd.concat(parts)


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Builds a config from a table, in a place of its own: {split: dataset}, and the builder."""
    monkeypatch.setenv("GEODL_SOURCES", str(tmp_path))

    def build(config, file, table):
        table.to_csv(tmp_path / file, index=False)
        builder = Builder(config=config, data_dir=str(tmp_path / "data"))
        builder.download_and_prepare()
        read = lambda split: list(builder.as_dataset(split=split, shuffle_files=False).as_numpy_iterator())  # noqa: E731
        return {split: builder.to_xarray(read(split)) for split in SPLITS}, builder

    return build


def test_birds_are_in_one_split_and_trips_are_as_in_the_file(prepared):
    table = published_table()
    found, builder = prepared("peru", "trips_SV_200_steps.csv", table)
    birds = [set(found[split].bird.values) for split in SPLITS[:3]]
    assert not (birds[0] & birds[1] or birds[0] & birds[2] or birds[1] & birds[2])
    assert birds[0] | birds[1] | birds[2] == {f"P1108_{i}_SV" for i in range(8)} == set(found["all"].bird.values)
    ds = found["all"].sel(trip="P1108_3_SV_T2")
    wanted = table[table.trip == "P1108_3_SV_T2"]
    assert found["all"].sizes == {"trip": 16, "step": 200} and ds.attrs["step_seconds"] == 60
    np.testing.assert_allclose(ds.lon.values[ds.mask.values], wanted.lon, atol=1e-6)
    np.testing.assert_allclose(ds.lat.values[ds.mask.values], wanted.lat, atol=1e-6)
    assert (ds.time.values[ds.mask.values] == wanted.datetime.to_numpy()).all()
    assert ds.x.isnull().equals(~ds.mask) and (ds.dive_probability.values[ds.mask.values] == 0.25).all()
    assert (found["all"].attrs["colony_lon"], found["all"].attrs["colony_lat"]) == COLONY
    x, y = next(iter(builder.as_dataset(split="train").map(builder.pair)))
    assert x.shape == (200, 2) and y.shape == (200,) and np.isnan(x[-1]).all() and y[0] == 0.25


def test_tracks_of_your_own(prepared):
    found, builder = prepared("csv", "tracks.csv", tracks(4))
    assert found["all"].sizes["trip"] == 8 and found["test"].sizes["trip"] == 2
    assert found["all"].attrs["colony_lon"] == pytest.approx(COLONY[0], abs=1e-4)
    assert "dive_probability" not in found["all"]
    x, y = next(iter(builder.as_dataset(split="train").map(builder.pair)))
    assert x.shape[1] == 2 and np.isfinite(x).all() and np.isnan(y).all()
    x, _ = next(iter(pipelines.batches(builder.as_dataset(split="all").map(builder.pair), 8)))
    ends = np.isfinite(x).all(axis=-1).sum(axis=1)
    assert x.shape[:2] == (8, ends.max()) and ends.min() < ends.max()


def test_tracks_that_have_changed_are_read_again(prepared):
    before, builder = prepared("csv", "tracks.csv", tracks(4))
    after, other = prepared("csv", "tracks.csv", tracks(5, colony=(20.0, 30.0)))
    again, same = prepared("csv", "tracks.csv", tracks(4))
    assert (before["all"].sizes["trip"], after["all"].sizes["trip"]) == (8, 10)
    assert after["all"].attrs["colony_lon"] == pytest.approx(20, abs=1e-4)
    assert again["all"].identical(before["all"]) and same.data_dir == builder.data_dir != other.data_dir


def test_two_birds_cannot_be_split(prepared):
    with pytest.raises(InputError, match="Expected at least 3 birds, to hold some out; found 2"):
        prepared("csv", "tracks.csv", tracks(2))


@REAL
@pytest.mark.parametrize(
    ("config", "trips", "birds", "steps"),
    [("peru", 78, 39, 200), ("brazil", 50, 35, 200), ("brazil_hourly", 28, 26, 20), ("st_helena", 246, 40, 200)],
)
@pytest.mark.filterwarnings("ignore:(Fixes|Trips) are")
def test_trips_of_the_files(config, trips, birds, steps):
    ds = datasets.open_dataset("seabirds", config, "all")
    assert dict(ds.sizes) == {"trip": trips, "step": steps} and len(set(ds.bird.values)) == birds
    assert (ds.mask.sum("step") < steps).all() and (ds.too_fast == 0).all()
    parts = [datasets.open_dataset("seabirds", config, split).sizes["trip"] for split in SPLITS[:3]]
    assert sum(parts) == trips and parts[0] > parts[2] > parts[1]
