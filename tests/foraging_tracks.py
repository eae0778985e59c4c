"""Tracks of birds that fly from a colony along ellipses and back, as tables."""

import numpy as np
import pandas as pd

from geodl.trips import unproject

COLONY = (-77.264, -11.773)


def flight(minutes=60.0, reach=20_000.0, bearing=0.0, every=1.0):
    """Minutes, and metres to the east and north, of a loop that gets as far as `reach` in the direction `bearing`."""
    time = np.arange(0, minutes + every / 2, every)
    phase = 2 * np.pi * time / minutes
    along, across = reach / 2 * (1 - np.cos(phase)), reach / 5 * np.sin(phase)
    return time, np.stack(
        [along * np.cos(bearing) - across * np.sin(bearing), along * np.sin(bearing) + across * np.cos(bearing)], axis=-1
    )


def track(bird, trips=2, colony=COLONY, rest=30.0, seed=0, start="2020-01-01", **options):
    """Fixes of a bird at irregular times, at home before, between and after its trips, in the columns of Movebank."""
    random = np.random.default_rng(seed)
    minutes, places, now = [], [], 0.0
    for _ in range(trips):
        time, position = flight(bearing=random.uniform(0, 6), **options)
        for part, where in ((np.arange(0, rest), np.zeros((int(rest), 2))), (rest + time, position)):
            minutes.append(now + part)
            places.append(where)
        now += rest + time[-1] + 1
    minutes.append(now + np.arange(0, rest))
    places.append(np.zeros((int(rest), 2)))
    minutes, places = np.concatenate(minutes), np.concatenate(places)
    minutes = minutes + random.uniform(0, 0.3, len(minutes))
    lon, lat = unproject(*places.T, colony)
    return pd.DataFrame(
        {
            "individual-local-identifier": bird,
            "timestamp": (pd.Timestamp(start) + pd.to_timedelta(minutes, "min")).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "location-long": lon,
            "location-lat": lat,
        }
    )


def tracks(birds=4, **options):
    """Of several birds."""
    return pd.concat([track(f"bird {i}", seed=i, **options) for i in range(birds)], ignore_index=True)


def write(folder, table, separator=","):
    """The path of a file with the table."""
    table.to_csv(folder / "tracks.csv", index=False, sep=separator)
    return folder / "tracks.csv"
