"""Cloud-type codes of NWC SAF GEO (2018): what each of the 16 codes of the variable `CT` means.

Codes are categories: they are never averaged and never interpolated linearly. Source: NWC SAF, Algorithm theoretical basis
document for the cloud product processors of NWC/GEO (2018).
"""

MEANINGS = (
    "no_data",
    "cloud_free_land",
    "cloud_free_sea",
    "snow_over_land",
    "sea_ice",
    "very_low_clouds",
    "low_clouds",
    "mid_level_clouds",
    "high_opaque_clouds",
    "very_high_opaque_clouds",
    "fractional_clouds",
    "high_semitransparent_thin_clouds",
    "high_semitransparent_moderately_thick_clouds",
    "high_semitransparent_thick_clouds",
    "high_semitransparent_above_low_or_medium_clouds",
    "high_semitransparent_above_snow_or_ice",
)
NO_DATA = 0
FIRST_CLOUDY = 5  # codes 1-4 are clear, 5-15 are cloudy
CODES = len(MEANINGS)

HIGH = (8, 9, 11, 12, 13, 14, 15)
LOW = (5, 6, 7, 10)

# What moves together, used to estimate motion: all cloud, high opaque, high semi-transparent, low.
MOTION_GROUPS = ((*range(FIRST_CLOUDY, CODES),), (8, 9, 13), (11, 12, 14, 15), (5, 6))
# The same for each of the two layers of cloud alone.
HIGH_GROUPS = (HIGH, (8, 9, 13), (11, 12, 14, 15))
LOW_GROUPS = (LOW, (5, 6), (7,))
