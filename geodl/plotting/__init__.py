"""Pictures of every theme's result."""

import matplotlib

matplotlib.use("Agg", force=False)

from geodl.plotting.clouds import nowcast, nowcast_scores
from geodl.plotting.fields import animation, interpolation, interpolation_comparison
from geodl.plotting.states import assimilation, assimilation_comparison, forecast_comparison, trajectory

__all__ = [
    "animation",
    "assimilation",
    "assimilation_comparison",
    "forecast_comparison",
    "interpolation",
    "interpolation_comparison",
    "nowcast",
    "nowcast_scores",
    "trajectory",
]
