"""Counts the words of the written answer in the Markdown cell above, while it is being written."""

import os

from course_lib.notebook.effects import count_words

# The page only reports the text of the nearest Markdown cell above; what a word is, Python alone decides.
_READER = """
function render({ model, el }) {
  const status = document.createElement("div");
  status.setAttribute("role", "status");
  el.replaceChildren(status);
  const show = () => { status.textContent = model.get("message"); };
  const read = () => {
    let cell = el.closest(".jp-Cell");
    do { cell = cell?.previousElementSibling; } while (cell && !cell.classList.contains("jp-MarkdownCell"));
    if (!cell) return;
    const rendered = cell.querySelector(".jp-MarkdownOutput");
    const lines = cell.querySelectorAll(".cm-line");
    const text = cell.querySelector(".jp-mod-rendered") && rendered
      ? rendered.innerText : Array.from(lines, line => line.textContent).join("\\n");
    if (text !== model.get("text")) { model.set("text", text); model.save_changes(); }
  };
  let timer;
  const soon = () => { clearTimeout(timer); timer = setTimeout(read, 150); };
  const events = ["input", "keyup", "focusin", "focusout"];
  events.forEach(name => document.addEventListener(name, soon));
  model.on("change:message", show);
  show();
  soon();
  return () => events.forEach(name => document.removeEventListener(name, soon));
}
export default { render };
"""


def message(text: str, low: int = 60, high: int = 80) -> str:
    """How many words `text` has and how far that is from the `low` to `high` that are asked for."""
    words = count_words(text)
    if words < low:
        advice = f"{low - words} more to go"
    else:
        advice = "as asked" if words <= high else f"{words - high} too many"
    return f"{words} word{'' if words == 1 else 's'} of {low} to {high}: {advice}"


def show(low: int = 60, high: int = 80) -> None:
    """A line under the answer that follows every key; while grading, where nobody writes, only the limits."""
    from IPython.display import display

    if "NBGRADER_EXECUTION" in os.environ:
        print(f"The answer above has {low} to {high} words.")
        return
    import anywidget
    import traitlets

    class WordCount(anywidget.AnyWidget):
        _esm = _READER
        text = traitlets.Unicode().tag(sync=True)
        message = traitlets.Unicode(message("", low, high)).tag(sync=True)

        @traitlets.observe("text")
        def _count(self, change):
            self.message = message(change["new"], low, high)

    display(WordCount())
