// Moves the demos of a page: looks a state of the controls up in what was computed, and draws its figure.
"use strict";
const RESTS = 700;  // milliseconds that a finding stands before it is read out: longer than a player's step
const CONFIG = { responsive: true, displayModeBar: false };

// The value that a packed one stands for, new in every part, since plotly writes into what it is given.
function unpacked(value) {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value === null || typeof value !== "object") return value;
  if ("$" in value) return unpacked(VALUES[value.$]);
  if ("r" in value && Array.isArray(value.r)) {
    const whole = [];
    for (let i = 0; i < value.r.length; i += 2) {
      for (let n = value.r[i + 1]; n; n--) whole.push(value.r[i]);
    }
    return whole;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unpacked(part)]));
}

const made = (kind, parts = {}, ...inside) => {
  const element = Object.assign(document.createElement(kind), parts);
  element.append(...inside);
  return element;
};

function stage(place, demo) {
  const wanted = [];  // label by control: what was chosen last, kept while other controls move
  const find = name => place.querySelector(name);
  const shown = demo.controls.map((control, level) => build(control, level));
  find(".controls").append(...shown.map(one => one.element));

  function build(control, level) {
    const name = made("span", { textContent: control.name });
    const choose = at => { wanted[level] = shown[level].labels[at]; move(); };
    if (control.kind === "check" || control.kind === "press") {
      const input = made("input", { type: "checkbox" });
      input.addEventListener("change", () => choose(+input.checked));
      return {
        element: made("label", {}, input, name), inputs: [input], name,
        set: at => { input.checked = at === 1; }, fill() {},
      };
    }
    if (control.kind === "select") {
      const input = made("select");
      input.addEventListener("change", () => choose(input.selectedIndex));
      return {
        element: made("label", {}, name, input), inputs: [input], name,
        set: at => { input.selectedIndex = at; },
        fill: labels => input.replaceChildren(...labels.map(label => made("option", { textContent: label }))),
      };
    }
    if (control.kind === "radio") {
      const group = made("span"), inputs = [];
      const legend = made("legend", {}, name);
      return {
        element: made("fieldset", {}, legend, group), inputs, name,
        set: at => inputs.forEach((input, i) => { input.checked = i === at; }),
        fill(labels) {
          inputs.length = 0;
          group.replaceChildren(...labels.map((label, at) => {
            const input = made("input", { type: "radio", name: `${place.id}-${level}` });
            input.addEventListener("change", () => choose(at));
            inputs.push(input);
            return made("label", {}, made("span", {}, input, label));
          }));
          group.style.cssText = "display: flex; flex-wrap: wrap; gap: 4px 20px";
        },
      };
    }
    const input = made("input", { type: "range", min: 0 }), output = made("span", { className: "value" });
    input.addEventListener("input", () => choose(+input.value));
    const row = made("span", {}, made("label", {}, name, input), output);
    if (control.play) row.append(player(control, input));
    return {
      element: row, inputs: [input], name,
      set(at) {
        input.value = at;
        output.textContent = shown[level].labels[at];
        input.setAttribute("aria-valuetext", shown[level].labels[at]);
      },
      fill: labels => { input.max = labels.length - 1; },
    };
  }

  function player(control, input) {
    const button = made("button", { type: "button", textContent: "Play" });
    button.setAttribute("aria-label", `Play: ${control.name}`);
    let turn;
    const stop = () => {
      clearInterval(turn);
      turn = undefined;
      button.textContent = "Play";
      button.setAttribute("aria-label", `Play: ${control.name}`);
    };
    const go = at => { input.value = at; input.dispatchEvent(new Event("input")); };
    button.addEventListener("click", () => {
      if (turn !== undefined) return stop();
      if (+input.value === +input.max) go(0);
      button.textContent = "Pause";
      button.setAttribute("aria-label", `Pause: ${control.name}`);
      turn = setInterval(() => {
        if (input.disabled || +input.value === +input.max) return stop();
        go(+input.value + 1);
      }, control.play);
    });
    return button;
  }

  // Down the tree of states, one control a level; where its labels are others now, what was chosen is kept
  // if it is there, and otherwise the one that the demo starts at.
  function state() {
    let node = demo.tree;
    demo.controls.forEach((control, level) => {
      const part = shown[level], labels = demo.options[node.o];
      if (part.labels !== labels) { part.labels = labels; part.fill(labels); }
      let at = node.s;
      if (control.kind === "check" || control.kind === "press") {
        if (wanted[level] !== undefined && node.c.length > 1) at = wanted[level];
      } else if (labels.includes(wanted[level])) {
        at = labels.indexOf(wanted[level]);
      } else if (wanted[level] !== undefined && control.kind === "range" && !node.off) {
        at = labels.length - 1;  // as a live slider that is cut short
      }
      part.name.textContent = node.n ?? control.name;
      part.set(at);
      for (const input of part.inputs) input.disabled = Boolean(node.off);
      node = node.c[at];
    });
    return unpacked({ $: node });
  }

  let asked, said, rests;
  function draw() {
    asked = undefined;
    const { finding, detail, data, layout, texts, notes } = state();
    find(".finding").innerHTML = finding;
    find(".detail").innerHTML = detail;
    find(".texts").textContent = texts.join(" · ");
    find(".notes").innerHTML = notes.join("").replaceAll("role='status'", "");
    const plot = find(".plot");
    Plotly.react(plot, data, layout, CONFIG);
    const text = [".finding", ".detail", ".notes"].map(part => find(part).innerText.trim()).filter(Boolean).join(". ");
    plot.setAttribute("role", "img");
    plot.setAttribute("aria-label", text);
    clearTimeout(rests);
    if (said) rests = setTimeout(() => { find("[role=status]").textContent = text; }, RESTS);
    said = text;
  }
  // What is wider than its place is scrolled by keys, too.
  new ResizeObserver(([{ target }]) => {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }).observe(find(".figure"));
  const move = () => { asked ??= requestAnimationFrame(draw); };
  draw();
}

DEMOS.forEach((demo, number) => stage(document.getElementById(`demo-${number}`), demo));
