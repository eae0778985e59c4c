"""What the field uses today, called like a model: `CloudPersistence().predict(ds)`, or for trips `sample(n, seed)`."""

from geodl.baselines.attractor_posterior import AttractorPosterior
from geodl.baselines.burgers_closures import BurgersDynamicSmagorinsky, BurgersGradientModel, BurgersSmagorinsky
from geodl.baselines.cloud_persistence import CloudPersistence
from geodl.baselines.correlated_walk import CorrelatedWalk
from geodl.baselines.daily_speed_process import DailySpeedProcess
from geodl.baselines.daily_speeds import DailySpeedAutoregression, DailySpeedPersistence
from geodl.baselines.dineof import Dineof
from geodl.baselines.ensemble_filters import ETKF, LETKF, EnKF, EnKS
from geodl.baselines.field_climatology import FieldClimatology
from geodl.baselines.gradient_flux import DynamicGradientFlux, GradientFlux
from geodl.baselines.hidden_markov_walk import HiddenMarkovWalk
from geodl.baselines.multiscale_interpolation import MultiscaleInterpolation
from geodl.baselines.optical_flow import OpticalFlow
from geodl.baselines.optimal_interpolation import OptimalInterpolation
from geodl.baselines.ornstein_uhlenbeck_walk import OrnsteinUhlenbeckWalk
from geodl.baselines.polynomial_map import PolynomialMap
from geodl.baselines.sindy import SINDy
from geodl.baselines.smagorinsky_flux import DynamicSmagorinskyFlux, SmagorinskyFlux
from geodl.baselines.smoothed_flow import SmoothedFlow
from geodl.baselines.state_interpolation import StateInterpolation
from geodl.baselines.state_persistence import StatePersistence
from geodl.baselines.station_analogues import StationAnalogues
from geodl.baselines.station_climatology import StationClimatology
from geodl.baselines.station_persistence import StationPersistence
from geodl.baselines.station_recent_regression import StationRecentRegression
from geodl.baselines.station_regression import StationRegression
from geodl.baselines.station_weather_model import StationWeatherCorrection, StationWeatherModel
from geodl.baselines.strong_4dvar import StrongConstraint4DVar
from geodl.baselines.subgrid_fluxes import NoSubgridFlux
from geodl.baselines.three_d_var import ThreeDVar
from geodl.baselines.trip_bootstrap import TripBootstrap
from geodl.baselines.vector_autoregression import VectorAutoregression
from geodl.baselines.weak_4dvar import WeakConstraint4DVar
from geodl.baselines.wind_advection import WindAdvection
from geodl.baselines.wind_persistence import WindPersistence

__all__ = [
    "ETKF",
    "LETKF",
    "AttractorPosterior",
    "BurgersDynamicSmagorinsky",
    "BurgersGradientModel",
    "BurgersSmagorinsky",
    "CloudPersistence",
    "CorrelatedWalk",
    "DailySpeedAutoregression",
    "DailySpeedPersistence",
    "DailySpeedProcess",
    "Dineof",
    "DynamicGradientFlux",
    "DynamicSmagorinskyFlux",
    "EnKF",
    "EnKS",
    "FieldClimatology",
    "GradientFlux",
    "HiddenMarkovWalk",
    "MultiscaleInterpolation",
    "NoSubgridFlux",
    "OpticalFlow",
    "OptimalInterpolation",
    "OrnsteinUhlenbeckWalk",
    "PolynomialMap",
    "SINDy",
    "SmagorinskyFlux",
    "SmoothedFlow",
    "StateInterpolation",
    "StatePersistence",
    "StationAnalogues",
    "StationClimatology",
    "StationPersistence",
    "StationRecentRegression",
    "StationRegression",
    "StationWeatherCorrection",
    "StationWeatherModel",
    "StrongConstraint4DVar",
    "ThreeDVar",
    "TripBootstrap",
    "VectorAutoregression",
    "WeakConstraint4DVar",
    "WindAdvection",
    "WindPersistence",
]
