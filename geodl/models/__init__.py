"""Architectures: each is a `GeoModel`, a Keras model that also takes and gives xarray datasets."""

from geodl.models.base import GeoModel
from geodl.models.burgers_closure import BurgersClosure, burgers_states
from geodl.models.burgers_cnn import BurgersCNN
from geodl.models.cloud_cnn import CloudCNN
from geodl.models.cloud_nowcaster import CloudNowcaster
from geodl.models.cloud_unet import CloudUNet
from geodl.models.convolutional_gan import ConvolutionalGAN
from geodl.models.daily_speed_forecaster import DailySpeedForecaster
from geodl.models.direct_network import DirectNetwork
from geodl.models.field_fourdvarnet import FieldFourDVarNet
from geodl.models.field_interpolator import FieldInterpolator
from geodl.models.field_unet import FieldUNet
from geodl.models.fourdvarnet import FourDVarNet
from geodl.models.gridded import GriddedModel
from geodl.models.lstm_forecaster import LSTMForecaster
from geodl.models.neural_ode import NeuralODE
from geodl.models.sgtnn import SGTNN
from geodl.models.state_assimilator import StateAssimilator
from geodl.models.state_forecaster import StateForecaster
from geodl.models.station_weather import weather_at_stations
from geodl.models.subgrid_cnn import SubgridCNN
from geodl.models.subgrid_flux_model import SubgridFluxModel
from geodl.models.trajectory_gan import TrajectoryGAN
from geodl.models.trajectory_mdn import TrajectoryMDN
from geodl.models.trip_completion import TripCompletion
from geodl.models.trip_generator import TripGenerator
from geodl.models.trip_selection import TripSelection
from geodl.models.wind_attention import WindAttention
from geodl.models.wind_convlstm import WindConvLSTM
from geodl.models.wind_field_forecaster import WindFieldForecaster
from geodl.models.wind_station_forecaster import WindStationForecaster

__all__ = [
    "SGTNN",
    "BurgersCNN",
    "BurgersClosure",
    "CloudCNN",
    "CloudNowcaster",
    "CloudUNet",
    "ConvolutionalGAN",
    "DailySpeedForecaster",
    "DirectNetwork",
    "FieldFourDVarNet",
    "FieldInterpolator",
    "FieldUNet",
    "FourDVarNet",
    "GeoModel",
    "GriddedModel",
    "LSTMForecaster",
    "NeuralODE",
    "StateAssimilator",
    "StateForecaster",
    "SubgridCNN",
    "SubgridFluxModel",
    "TrajectoryGAN",
    "TrajectoryMDN",
    "TripCompletion",
    "TripGenerator",
    "TripSelection",
    "WindAttention",
    "WindConvLSTM",
    "WindFieldForecaster",
    "WindStationForecaster",
    "burgers_states",
    "weather_at_stations",
]
