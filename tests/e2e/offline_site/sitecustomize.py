"""Python runs this at its start wherever this folder is on PYTHONPATH: the app's server is cut off from the network."""

from tests import offline

offline.cut()
