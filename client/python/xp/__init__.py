"""xp from Python: submit an experiment, wait for it, read its table.

    import xp
    client = xp.connect()                       # $XP_SERVER, else 127.0.0.1:7070
    client.submit("experiment.yaml")
    client.wait("nlp-classification")
    df = client.experiment("nlp-classification").dataframe()
    df[[c for c in df if c.endswith("- Avg")]]

See docs/python.md.
"""

try:
    from . import v1 as _stubs  # made by client/python/build.py, never kept in the source tree
except ImportError as missing:
    raise ImportError(
        "the package xp has no stubs here: this is its source folder. Put the built one on PYTHONPATH: "
        "`python3 client/python/build.py DEST`, or build/release/python after deploy/quickstart.sh"
    ) from missing

from .client import Client, connect
from .errors import Error
from .experiment import Experiment

__all__ = ["Client", "Error", "Experiment", "connect"]
