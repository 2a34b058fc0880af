"""Put a figure's title where feedback cannot draw the figure."""

import re

from nbgrader.preprocessors.base import NbGraderPreprocessor

PLOTLY = "application/vnd.plotly.v1+json"
DRAWABLE = {"text/html", "image/svg+xml", "image/png", "image/jpeg", "text/plain"}


class NameFigures(NbGraderPreprocessor):
    """Plotly figures need four megabytes of JavaScript per page; titles here state the finding anyway."""

    def preprocess_cell(self, cell, resources, cell_index):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if PLOTLY in data and not DRAWABLE & data.keys():
                data["text/plain"] = f"[Figure: {title(data[PLOTLY])}. Run the notebook to see it.]"
        return cell, resources


def title(figure: dict) -> str:
    """What a Plotly figure's title says before its smaller lines, or 'without a title'."""
    layout = figure.get("layout") if isinstance(figure, dict) else None
    found = layout.get("title") if isinstance(layout, dict) else None
    text = found.get("text") if isinstance(found, dict) else found
    first = re.split("<br><span", str(text or ""))[0].replace("<br>", " ")
    return re.sub(r"<[^>]*>", "", first).strip().rstrip(".") or "without a title"
