"""Every error a user can cause. Each message says what was wrong, where, and what to do."""


class AgroFluxError(Exception):
    """A user's error: the command line prints it in one line, the app in one box."""


class DataError(AgroFluxError):
    """A file or data set that cannot be read or is not what it claims to be."""


class ContractError(DataError):
    """A data set that breaks the contract of :mod:`agroflux.contract`."""


class SelectionError(AgroFluxError):
    """Sites, years, scenarios or variables that the data set does not hold."""


class ModelError(AgroFluxError):
    """A checkpoint that is missing, damaged, or does not fit the data."""


class SimulationError(AgroFluxError):
    """The process model could not be run or did not finish."""
