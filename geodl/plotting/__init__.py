"""Pictures of every theme's result."""

import os

import matplotlib

# No windows; but a notebook, or a user, may have said where pictures go.
if "MPLBACKEND" not in os.environ:
    matplotlib.use("Agg", force=False)

from geodl.plotting.burgers import burgers_comparison, burgers_rollout
from geodl.plotting.clouds import classes, nowcast, nowcast_scores
from geodl.plotting.daily_speeds import daily_speed_comparison, daily_speed_forecast
from geodl.plotting.fields import animation, interpolation, interpolation_comparison
from geodl.plotting.states import assimilation, assimilation_comparison, forecast_comparison, trajectory
from geodl.plotting.trips import completed_trips, trip_comparison, trip_map
from geodl.plotting.turbulence import subgrid_flux_comparison, subgrid_flux_map
from geodl.plotting.wind_fields import wind_field_comparison, wind_map
from geodl.plotting.wind_stations import fan_chart, wind_station_comparison

__all__ = [
    "animation",
    "assimilation",
    "assimilation_comparison",
    "burgers_comparison",
    "burgers_rollout",
    "classes",
    "completed_trips",
    "daily_speed_comparison",
    "daily_speed_forecast",
    "fan_chart",
    "forecast_comparison",
    "interpolation",
    "interpolation_comparison",
    "nowcast",
    "nowcast_scores",
    "subgrid_flux_comparison",
    "subgrid_flux_map",
    "trajectory",
    "trip_comparison",
    "trip_map",
    "wind_field_comparison",
    "wind_map",
    "wind_station_comparison",
]
