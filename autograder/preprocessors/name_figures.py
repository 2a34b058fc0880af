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
                named = title(data[PLOTLY])
                said = f"[Figure: {named}. Run the notebook to see it.]"
                data["text/plain"] = said if named else "[Run the notebook to see this figure.]"
        return cell, resources


def title(figure: dict) -> str:
    """What a Plotly figure's title says before its smaller lines; "" without one (it may stand above)."""
    layout = figure.get("layout") if isinstance(figure, dict) else None
    found = layout.get("title") if isinstance(layout, dict) else None
    text = found.get("text") if isinstance(found, dict) else found
    first = re.split("<br><span", str(text or ""))[0].replace("<br>", " ")
    return re.sub(r"<[^>]*>", "", first).strip().rstrip(".")
