"""Neural closures: what the scales that a coarse grid does not resolve do to those that it does.

| | |
|---|---|
| cases | `burgers` (initial states of the course, between walls), `burgers_random` (random states, viscosities and forcings) |
| | `turbulence` (a passive scalar in three-dimensional turbulence) |
| input | the state of a coarse grid |
| output | the tendency due to unresolved scales; with the coarse solver, the trajectory |
| datasets | `burgers`, `turbulence`: simulated on a fine grid and filtered, split by run |
| criterion | error of the trajectory, through the solver (a posteriori), or of the term (a priori) |
| scores | of the term: correlation, squared error, dissipation, distribution |
| | of the trajectory: error, energy, spectrum, stability |

Each system is a module of its own: `burgers` and `turbulence`.
"""

from geodl.themes.closure import burgers, turbulence
from geodl.themes.systems import Systems

_systems = Systems("closure", (burgers, turbulence))
CASES = _systems.cases
approaches, evaluate, case_of = _systems.approaches, _systems.evaluate, _systems.case_of
figure, picture = _systems.figure, _systems.picture
