// What a watcher can do to a live run: pause, one step, its speed, the parameters of its world.

import { element } from "./panels.js";

const PACE = [0.5, 1000]; // ticks a second at the ends of the slider; its last stop is full speed
const FULL = 100;

/** Buttons, sliders and keys; `send` takes a message for the server. */
export class Controls {
  constructor(page, send) {
    this.page = page;
    this.send = send;
    this.paused = false;
    this.parameters = new Map();
    page.pause.addEventListener("click", () => this.toggle());
    page.step.addEventListener("click", () => this.step());
    page.pace.addEventListener("input", () => this.writePace());
    page.pace.addEventListener("change", () => {
      this.send({ do: "speed", ticks_per_s: paceOf(Number(page.pace.value)) });
    });
    document.addEventListener("keydown", (event) => this.press(event));
  }

  /** What can be set, as the server tells it. */
  hello({ controls, live }) {
    const offered = Array.isArray(controls) && live ? controls : [];
    const names = JSON.stringify(offered.map(({ name }) => name));
    if (names !== this.names) {
      this.parameters.clear();
      this.page.parameters.replaceChildren(...offered.map((control) => this.row(control)));
    }
    this.names = names;
    this.offered = offered;
    this.restore();
    this.page.controls.hidden = this.page.openParameters.hidden = !offered.length;
    this.setLive(live);
  }

  /** Show what is in force: what was wished may have been refused. */
  restore() {
    for (const { name, value } of this.offered ?? []) this.parameters.get(name)(value);
  }

  setLive(live) {
    this.page.transport.hidden = !live;
    if (!live) this.page.controls.hidden = this.page.openParameters.hidden = true;
  }

  /** The wish that is in force, whoever wished it. */
  wish({ paused, ticks_per_s: pace, set }) {
    this.paused = paused === true;
    this.page.pause.textContent = this.paused ? "Go" : "Pause";
    this.page.pause.setAttribute("aria-pressed", String(this.paused));
    if (document.activeElement !== this.page.pace) {
      this.page.pace.value = String(pace == null ? FULL : stopOf(pace));
      this.writePace();
    }
    for (const [name, value] of Object.entries(set ?? {})) this.parameters.get(name)?.(value);
  }

  toggle() {
    this.send({ do: this.paused ? "go" : "pause" });
  }

  step() {
    this.send({ do: "step" }); // pauses as well
  }

  writePace() {
    const pace = paceOf(Number(this.page.pace.value));
    const words = pace === null ? "full speed" : `${pace} ticks/s`;
    this.page.paceText.textContent = words;
    this.page.pace.setAttribute("aria-valuetext", words);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.page.transport.hidden) return;
    if (event.target.closest?.("input, select, textarea, dialog[open]")) return;
    if (event.key === " " && !event.target.closest?.("button")) event.repeat || this.toggle();
    else if (event.key === "s") this.step();
    else return;
    event.preventDefault();
  }

  // A number with its name, its meaning, and a slider if both its ends are known.
  row({ name, low, high, whole, meaning }) {
    const row = element("div", "parameter"), field = element("input"), id = `set-${name}`;
    const label = element("label", "", String(name));
    label.htmlFor = field.id = id;
    row.title = meaning ? String(meaning) : "";
    field.type = "number";
    field.step = whole ? "1" : "any";
    const bounded = Number.isFinite(low) && Number.isFinite(high) && high > low;
    if (Number.isFinite(low)) field.min = String(low);
    if (Number.isFinite(high)) field.max = String(high);
    const slider = bounded ? makeSlider(name, low, high, whole) : null;
    let editing = false; // what a person is about to set is not written over
    const show = (number) => {
      if (editing) return;
      field.value = String(tidy(number));
      if (slider !== null) slider.value = String(number);
    };
    const set = (text) => {
      editing = false;
      const number = Number(text);
      if (text === "" || !Number.isFinite(number)) return;
      this.send({ do: "set", name, value: whole ? Math.round(number) : number });
    };
    row.addEventListener("input", () => (editing = true));
    row.addEventListener("focusout", () => (editing = false));
    field.addEventListener("change", () => set(field.value));
    slider?.addEventListener("input", () => (field.value = slider.value));
    slider?.addEventListener("change", () => set(slider.value));
    this.parameters.set(name, show);
    row.append(label, field, ...(slider ? [slider] : []));
    if (meaning) row.append(element("p", "", String(meaning)));
    return row;
  }
}

function makeSlider(name, low, high, whole) {
  const slider = element("input");
  slider.type = "range";
  slider.min = String(low);
  slider.max = String(high);
  slider.step = whole ? "1" : String(Number(((high - low) / 200).toPrecision(2)));
  slider.setAttribute("aria-label", String(name));
  return slider;
}

function tidy(number) {
  return Number.isFinite(number) ? Number(number.toPrecision(6)) : number;
}

// Ticks a second of a stop of the slider, or null for as many as there can be.
function paceOf(stop) {
  if (stop >= FULL) return null;
  const pace = PACE[0] * (PACE[1] / PACE[0]) ** (stop / (FULL - 1));
  return Number(pace.toPrecision(2));
}

function stopOf(pace) {
  const share = Math.log(pace / PACE[0]) / Math.log(PACE[1] / PACE[0]);
  return Math.round(Math.min(Math.max(share, 0), 1) * (FULL - 1));
}
