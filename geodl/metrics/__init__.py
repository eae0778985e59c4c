"""Scores, masked and per lead time, and the criteria that models are trained on."""

from geodl.metrics.cloud_criterion import ClassAccuracy, CloudAccuracy, CloudTypeLoss
from geodl.metrics.nowcast_scores import NowcastScores

__all__ = ["ClassAccuracy", "CloudAccuracy", "CloudTypeLoss", "NowcastScores"]
