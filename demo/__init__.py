"""`make demo`: a sample shop posted through the public API, and its figures checked against what the API answers.

It posts with the Python client of clients/python, which is used from where it stands: whoever has this checkout has
the client, without an installation of its own that would need the network.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "clients" / "python" / "src"))
