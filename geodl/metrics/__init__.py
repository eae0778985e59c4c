"""Scores, masked and per lead time, and the criteria that models are trained on."""

from geodl.metrics.cloud_criterion import ClassAccuracy, CloudAccuracy, CloudTypeLoss
from geodl.metrics.forecast_scores import attractor_distance, relative_rmse, valid_prediction_time
from geodl.metrics.lyapunov import kaplan_yorke_dimension, lyapunov_spectrum
from geodl.metrics.nowcast_scores import NowcastScores

__all__ = [
    "ClassAccuracy",
    "CloudAccuracy",
    "CloudTypeLoss",
    "NowcastScores",
    "attractor_distance",
    "kaplan_yorke_dimension",
    "lyapunov_spectrum",
    "relative_rmse",
    "valid_prediction_time",
]
