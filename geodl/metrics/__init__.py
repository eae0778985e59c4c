"""Scores, masked and per lead time, and the criteria that models are trained on."""

from geodl.metrics.assimilation_scores import AssimilationScores
from geodl.metrics.burgers_scores import BurgersScores
from geodl.metrics.cloud_criterion import ClassAccuracy, CloudAccuracy, CloudTypeLoss
from geodl.metrics.daily_speed_scores import DailySpeedScores
from geodl.metrics.forecast_scores import attractor_distance, relative_rmse, valid_prediction_time
from geodl.metrics.interpolation_scores import InterpolationScores
from geodl.metrics.lyapunov import kaplan_yorke_dimension, lyapunov_spectrum
from geodl.metrics.nowcast_scores import NowcastScores
from geodl.metrics.periodogram_score import periodogram_score, published_series
from geodl.metrics.relative_error import RelativeError
from geodl.metrics.scores import Scores
from geodl.metrics.spectral_loss import SpectralLoss
from geodl.metrics.state_forecast_scores import StateForecastScores
from geodl.metrics.step_likelihood import StepLikelihood
from geodl.metrics.subgrid_scores import SubgridScores
from geodl.metrics.trajectory_scores import RealTrips, TrajectoryScores
from geodl.metrics.trip_loss import TripLoss
from geodl.metrics.trip_statistics import NearestTrips, trip_statistics
from geodl.metrics.wasserstein_loss import WassersteinLoss
from geodl.metrics.wind_field_scores import WindFieldScores
from geodl.metrics.wind_loss import WindLoss
from geodl.metrics.wind_station_scores import WindStationScores
from geodl.metrics.window_loss import WindowLoss, gaussian_crps, window_mse

__all__ = [
    "AssimilationScores",
    "BurgersScores",
    "ClassAccuracy",
    "CloudAccuracy",
    "CloudTypeLoss",
    "DailySpeedScores",
    "InterpolationScores",
    "NearestTrips",
    "NowcastScores",
    "RealTrips",
    "RelativeError",
    "Scores",
    "SpectralLoss",
    "StateForecastScores",
    "StepLikelihood",
    "SubgridScores",
    "TrajectoryScores",
    "TripLoss",
    "WassersteinLoss",
    "WindFieldScores",
    "WindLoss",
    "WindStationScores",
    "WindowLoss",
    "attractor_distance",
    "gaussian_crps",
    "kaplan_yorke_dimension",
    "lyapunov_spectrum",
    "periodogram_score",
    "published_series",
    "relative_rmse",
    "trip_statistics",
    "valid_prediction_time",
    "window_mse",
]
