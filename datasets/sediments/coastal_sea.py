"""A made-up coastal sea: its depth, tides, currents, rivers and weather, the same each time."""

import numpy as np
from scipy import ndimage, signal

from geodl.dynamics import SedimentTransport

SIZE, SPACING = 64, 3.0  # pixels, km
FORCING_STEP = 0.25  # days
MODES = 16
CURRENT_SPEED = 0.06  # m/s
# Where the rivers end, (row, column), and how much they bring at discharge 1, g/m³ · m³ a day over the area of a pixel.
RIVERS = ((12, 0), (30, 0), (50, 0))
# Centres of the weather's patterns.
WEATHER = tuple((row, column) for row in (6, 24, 42, 60) for column in (12, 30, 48))


def sediment_transport(days: int, weather: int = 0, **parameters) -> SedimentTransport:
    """The equation of motion with its forcing over `days` days; another `weather` is another series over the same sea."""
    random = np.random.default_rng(0)
    depth = bathymetry(random)
    return SedimentTransport(
        depth,
        SPACING,
        tidal_current(depth),
        wave_patterns(),
        river_sources(depth),
        streamfunctions(depth, random),
        forcing(days, np.random.default_rng([weather, 1])),
        FORCING_STEP,
        **parameters,
    )


def bathymetry(random: np.random.Generator) -> np.ndarray:
    """Depth (y, x), m, 0 on land: a slope from the coast in the west, with bays, capes, banks and an island."""
    y, x = np.mgrid[:SIZE, :SIZE] / (SIZE - 1)
    rough = _smooth_noise(random, (SIZE, SIZE), 6.0) + 0.4 * _smooth_noise(random, (SIZE, SIZE), 2.0)
    coast = 0.16 + 0.1 * np.sin(2 * np.pi * (y - 0.1)) + 0.07 * np.sin(5 * np.pi * y) + 0.03 * rough
    island = np.exp(-(((x - 0.6) / 0.06) ** 2) - ((y - 0.78) / 0.05) ** 2)
    depth = 80.0 * np.clip(x - coast, -1, None) ** 1.0 + 5.0 * rough - 90.0 * island
    depth = np.where((x > coast) & (depth > 2.0), np.maximum(depth, 6.0), 0.0)
    # Puddles apart from the sea are land.
    label, _ = ndimage.label(depth > 0)
    return np.where(label == np.bincount(label[label > 0]).argmax(), depth, 0.0)


def tidal_current(depth: np.ndarray) -> np.ndarray:
    """Amplitude (y, x), m/s: stronger where it is shallow and towards the south."""
    y = np.mgrid[:SIZE, :SIZE][0] / (SIZE - 1)
    return np.where(depth > 0, (0.15 + 0.35 * y**2) * (20.0 / np.maximum(depth, 8.0)) ** 0.4, 0.0)


def streamfunctions(depth: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Transport of each mode at the corners of the pixels, km · m²/s: 0 along the coast, deep water moves more."""
    sea = np.pad(depth > 0, 1, mode="edge")
    corner = sea[1:, 1:] & sea[1:, :-1] & sea[:-1, 1:] & sea[:-1, :-1]
    distance = np.where(corner, ndimage.distance_transform_edt(corner), 0.0)
    patterns = np.stack([_smooth_noise(random, corner.shape, 4.0 + 0.3 * mode) for mode in range(MODES)])
    return CURRENT_SPEED * SPACING * 3.0 * 25.0 * patterns * np.tanh((distance / 10.0) ** 2)


def wave_patterns() -> np.ndarray:
    """Where waves of each pattern are high (pattern, y, x)."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.stack([np.exp(-((y - row) ** 2 + (x - column) ** 2) / (2 * 11.0**2)) for row, column in WEATHER])


def river_sources(depth: np.ndarray) -> np.ndarray:
    """Where rivers bring sediment (river, y, x): the three pixels of sea that are nearest to their mouths."""
    sources = []
    rows, columns = np.nonzero(depth > 0)
    for row, column in RIVERS:
        nearest = np.argsort((rows - row) ** 2 + (columns - column) ** 2)[:3]
        source = np.zeros(depth.shape)
        source[rows[nearest], columns[nearest]] = 1.0
        sources.append(source)
    return np.stack(sources)


def forcing(days: int, random: np.random.Generator) -> np.ndarray:
    """Waves, discharges of the rivers and amplitudes of the currents (time, patterns + rivers + modes)."""
    count = round(days / FORCING_STEP) + 1
    season = np.cos(2 * np.pi * np.arange(count) * FORCING_STEP / 365.25)  # 1 in winter
    together = _red_noise(random, count, 2.0)
    waves = [np.exp(0.8 * together + 0.7 * _red_noise(random, count, 1.5) - 1.0 + 0.3 * season) for _ in WEATHER]
    floods = [np.exp(0.8 * _red_noise(random, count, 8.0) + 0.7 * season + 5.5) for _ in RIVERS]
    # Bounded, or the advection would be unstable at the time step of the simulation.
    currents = [np.clip(_red_noise(random, count, 3.0), -2.0, 2.0) for _ in range(MODES)]
    return np.stack([*waves, *floods, *currents], axis=-1)


def _smooth_noise(random, shape, scale):
    """Noise of variance 1 with a Gaussian correlation of `scale` pixels."""
    noise = ndimage.gaussian_filter(random.standard_normal(shape), scale, mode="wrap")
    return noise / noise.std()


def _red_noise(random, count, days):
    """A series of variance 1 that forgets in so many days."""
    keep = np.exp(-FORCING_STEP / days)
    steps = random.standard_normal(count) * np.sqrt(1 - keep**2)
    steps[0] /= np.sqrt(1 - keep**2)
    return signal.lfilter([1.0], [1.0, -keep], steps)
