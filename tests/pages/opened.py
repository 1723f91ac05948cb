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


def said(app: AppTest) -> str:
    """What the boxes, captions and paragraphs of the page say, without the marks of Markdown."""
    boxes = (*app.info, *app.warning, *app.error, *app.success, *app.caption, *app.markdown)
    return " ".join(str(box.value).replace("\\", "").replace("**", "") for box in boxes)


def box(app: AppTest, kind: str, label: str) -> Any:
    """The first control of a ``kind``, as ``button``, whose label begins like that."""
    return next(one for one in getattr(app, kind) if one.label.startswith(label))


def press(app: AppTest, label: str) -> AppTest:
    """The page after its button of that label, or one that begins like that, was pressed; no error may be on it."""
    box(app, "button", label).click().run()
    assert not app.exception and not app.error
    return app


def upload(app: AppTest, name: str, content: bytes, kind: str = "text/csv") -> AppTest:
    """The page after a file was given to its first uploader."""
    app.file_uploader[0].set_value((name, content, kind)).run()
    assert not app.exception, [e.value for e in app.exception]
    return app
