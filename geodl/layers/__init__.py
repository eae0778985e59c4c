"""Differentiable building blocks of the models."""

from geodl.layers.adaptive_ode_integrator import AdaptiveODEIntegrator
from geodl.layers.bilinear import Bilinear, PeriodicNeighbours
from geodl.layers.black_box import BlackBox
from geodl.layers.bridge import Bridge
from geodl.layers.butcher_tableau import SCHEMES, ButcherTableau
from geodl.layers.closed_dynamics import ClosedDynamics
from geodl.layers.cost_terms import BackgroundCost, DynamicsCost, ObservationCost, PriorCost
from geodl.layers.covariance_fit import fit_covariance
from geodl.layers.eddy_viscosity import EddyViscosity, ScalarClosure
from geodl.layers.gaussian_blur import GaussianBlur
from geodl.layers.germano_constant import germano_constant
from geodl.layers.grid_interpolation import GridInterpolation
from geodl.layers.hybrid_integrator import HybridIntegrator
from geodl.layers.linear_analysis import LinearAnalysis
from geodl.layers.linearization import adjoint, tangent_linear
from geodl.layers.lucas_kanade import LucasKanade
from geodl.layers.minibatch_deviation import MinibatchDeviation
from geodl.layers.multiscale_analysis import MultiscaleAnalysis
from geodl.layers.ode_integrator import ODEIntegrator
from geodl.layers.periodic_padding import PeriodicPadding
from geodl.layers.piecewise_linear import PiecewiseLinear
from geodl.layers.priors import BilinearAutoencoder, DynamicsPrior, FieldAutoencoder
from geodl.layers.recurrent_solver import RecurrentSolver
from geodl.layers.residual_convolutions import ResidualConvolutions
from geodl.layers.spectral_integrator import SpectralIntegrator
from geodl.layers.station_mixer import StationMixer
from geodl.layers.stencil_network import StencilNetwork
from geodl.layers.step_matching import StepMatching
from geodl.layers.step_mixture import StepMixture
from geodl.layers.stochastic_forcing import StochasticForcing
from geodl.layers.subgrid_network import SubgridNetwork
from geodl.layers.trainable_runge_kutta import TrainableRungeKutta
from geodl.layers.trip_critic import TripCritic
from geodl.layers.trip_decoder import TripDecoder
from geodl.layers.unet import ResidualBlock, UNetDecoder, UNetEncoder
from geodl.layers.variational_cost import VariationalCost
from geodl.layers.variational_solvers import LBFGS, GradientDescent
from geodl.layers.warp import Warp
from geodl.layers.wind_mixture import WindMixture
from geodl.layers.window_network import WindowNetwork
from geodl.layers.window_tokens import FieldTokens, WindowTokens

__all__ = [
    "LBFGS",
    "SCHEMES",
    "AdaptiveODEIntegrator",
    "BackgroundCost",
    "Bilinear",
    "BilinearAutoencoder",
    "BlackBox",
    "Bridge",
    "ButcherTableau",
    "ClosedDynamics",
    "DynamicsCost",
    "DynamicsPrior",
    "EddyViscosity",
    "FieldAutoencoder",
    "FieldTokens",
    "GaussianBlur",
    "GradientDescent",
    "GridInterpolation",
    "HybridIntegrator",
    "LinearAnalysis",
    "LucasKanade",
    "MinibatchDeviation",
    "MultiscaleAnalysis",
    "ODEIntegrator",
    "ObservationCost",
    "PeriodicNeighbours",
    "PeriodicPadding",
    "PiecewiseLinear",
    "PriorCost",
    "RecurrentSolver",
    "ResidualBlock",
    "ResidualConvolutions",
    "ScalarClosure",
    "SpectralIntegrator",
    "StationMixer",
    "StencilNetwork",
    "StepMatching",
    "StepMixture",
    "StochasticForcing",
    "SubgridNetwork",
    "TrainableRungeKutta",
    "TripCritic",
    "TripDecoder",
    "UNetDecoder",
    "UNetEncoder",
    "VariationalCost",
    "Warp",
    "WindMixture",
    "WindowNetwork",
    "WindowTokens",
    "adjoint",
    "fit_covariance",
    "germano_constant",
    "tangent_linear",
]
