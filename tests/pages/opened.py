"""One page of the app, opened as a link would open it."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from agroflux.paths import ROOT


def open_page(page: str, /, **query: str) -> AppTest:
    """The page after its first run; ``query`` is what the link asks for, with ``_`` where it has ``-``."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300)
    app.run()
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    return app.switch_page(f"pages/{page}.py").run()


def figure(app: AppTest, number: int) -> dict[str, Any]:
    """What the browser draws of the page's chart of that number, from 0."""
    spec: dict[str, Any] = json.loads(app.get("plotly_chart")[number].proto.spec)
    return spec
