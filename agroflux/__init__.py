"""AgroFlux Explorer: farm greenhouse-gas fluxes, simulated, measured and predicted."""

__version__ = "0.1.0"
