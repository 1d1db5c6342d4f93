// The page: frames come in, the newest is drawn when the screen asks for it and then acknowledged;
// charts and words follow a few times a second. Nothing runs while nothing comes.

import { readTheme } from "./colours.js";
import { Connection } from "./connection.js";
import { Controls } from "./controls.js";
import { FrameError, readFrame } from "./frame.js";
import { element, Panels } from "./panels.js";
import { Record } from "./record.js";
import { short } from "./series.js";
import { WorldView } from "./world.js";

const REFRESH_MS = 220; // between two drawings of the charts
const NOTICES_MAX = 4;
const NOTICE_MS = 15000;

const page = Object.fromEntries(
  [...document.querySelectorAll("[id]")].map((each) => [
    each.id.replace(/-(.)/g, (_, letter) => letter.toUpperCase()), each,
  ]),
);
const run = { connected: false, live: false, finished: false, paused: false, ticks: 0, frame: null };
const pending = { buffer: null, drawing: false, refreshing: false };
const drawn = []; // when the frames of the last second were drawn

const record = new Record();
const panels = new Panels(page, record);
const world = new WorldView(page.world, {
  redraw: () => drawSoon(),
  describe: (words) => write(page.underPointer, words),
});
const connection = new Connection({
  opened: () => {
    run.connected = true;
    page.lost.hidden = true;
    refreshSoon();
  },
  frame: (buffer) => {
    pending.buffer = buffer; // the latest wins
    drawSoon();
  },
  message: (message) => {
    if (Object.hasOwn(messages, message.kind)) messages[message.kind](message);
  },
  lost: (wait) => lose(wait),
});
const controls = new Controls(page, (message) => connection.send(message));

// What the server tells

const messages = {
  hello(message) {
    Object.assign(run, {
      live: message.live === true, finished: message.finished === true,
      ticks: Number(message.ticks) || 0,
    });
    write(page.study, String(message.study ?? message.run ?? "noosphere"));
    write(page.seed, message.seed == null ? "" : `seed ${message.seed}`);
    write(page.about, description(message.sections));
    page.about.title = page.about.textContent;
    document.title = `${message.study ?? "run"} · noosphere`;
    page.openStudy.hidden = !message.sections;
    page.sections.textContent = String(message.sections ?? "");
    controls.hello({ ...message, live: run.live });
    refreshSoon();
  },
  history(message) {
    record.load(message.columns);
    refreshSoon();
  },
  wish(message) {
    run.paused = message.paused === true;
    controls.wish(message);
    refreshSoon();
  },
  notice(message) {
    notice(String(message.text ?? ""));
    controls.restore();
  },
};

// The line of the study's text that says what it is.
function description(sections) {
  const found = /^description = ("(?:[^"\\]|\\.)*")/m.exec(String(sections ?? ""));
  try {
    return found ? String(JSON.parse(found[1])) : "";
  } catch {
    return "";
  }
}

function lose(wait) {
  run.connected = false;
  page.lost.hidden = false;
  write(page.lostText, wait === null
    ? "The dashboard's server does not answer. The run itself does not depend on it."
    : `The connection to the dashboard's server is lost; trying again in ${wait} s.`);
  refreshSoon();
}

// Frames

function drawSoon() {
  if (pending.drawing) return;
  pending.drawing = true;
  requestAnimationFrame(drawNow);
}

function drawNow() {
  pending.drawing = false;
  const { buffer } = pending;
  pending.buffer = null;
  if (buffer === null) {
    world.draw();
    return;
  }
  try {
    take(readFrame(buffer));
    world.draw();
    drawn.push(performance.now());
  } catch (error) {
    if (!(error instanceof FrameError)) throw error;
    notice(`The server sent ${error.message}.`);
  } finally {
    connection.send({ ack: run.frame?.tick ?? 0 }); // whatever it was: others may come
  }
}

function take(frame) {
  run.frame = frame;
  run.live = frame.live && !frame.finished;
  run.finished ||= frame.finished;
  world.show(frame);
  record.take(frame);
  refreshSoon();
}

// Charts and words: never in the way of the frames

function refreshSoon(wait = REFRESH_MS) {
  if (pending.refreshing) return;
  pending.refreshing = true;
  setTimeout(refreshNow, wait);
}

function refreshNow() {
  pending.refreshing = false;
  const { frame } = run, now = performance.now();
  while (drawn.length && drawn[0] < now - 1000) drawn.shift();
  const state = stateNow();
  write(page.state, state);
  page.state.dataset.state = state;
  const last = Math.max(frame?.tick ?? -1, record.metrics.last), tick = last < 0 ? null : last;
  write(page.tick, tick === null ? "–" : `tick ${tick.toLocaleString("en")}`);
  write(page.ticks, run.ticks ? ` of ${run.ticks.toLocaleString("en")}` : "");
  page.done.value = run.ticks && tick !== null ? Math.min(tick / run.ticks, 1) : 0;
  write(page.total, frame ? agentsShown(frame) : "–");
  write(page.speed, state === "live" && frame ? short(Number(frame.speed.toPrecision(3))) : "–");
  write(page.frames, drawn.length ? String(drawn.length) : "–");
  if (page.transport.hidden === run.live) controls.setLive(run.live);
  writeLegend();
  panels.refresh();
  if (drawn.length) refreshSoon(frame && run.connected ? 1000 : REFRESH_MS);
}

function stateNow() {
  if (!run.connected) return page.lost.hidden ? "connecting" : "lost";
  if (run.finished) return "finished";
  if (run.live) return run.paused || run.frame?.paused ? "paused" : "live";
  return page.study.textContent === "noosphere" && !run.frame ? "connecting" : "stopped";
}

function agentsShown({ total, shown }) {
  const all = total.toLocaleString("en");
  return shown < total ? `${shown.toLocaleString("en")} of ${all}` : all;
}

function writeLegend() {
  const legend = world.legend(), key = JSON.stringify(legend);
  if (run.frame === null || key === page.legend.dataset.key) return;
  page.legend.dataset.key = key;
  record.classes = new Map(legend.classes);
  const items = legend.classes.map(([name, colour]) => {
    const item = element("li"), swatch = element("span", "swatch");
    swatch.style.background = colour;
    item.append(swatch, element("span", "", name));
    return item;
  });
  page.legend.replaceChildren(...items, ...(items.length ? [] : [ramp(legend)]));
}

function ramp({ name, low, high, stops }) {
  const item = element("li"), band = element("span", "ramp");
  band.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  item.append(
    element("span", "dim", String(name)), element("span", "", short(low)), band,
    element("span", "", short(high)),
  );
  return item;
}

// Words beside

function write(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function notice(words) {
  const box = element("div", "notice"), close = element("button", "quiet", "×");
  close.type = "button";
  close.setAttribute("aria-label", "dismiss");
  close.addEventListener("click", () => box.remove());
  box.append(element("p", "", words), close);
  page.notices.append(box);
  while (page.notices.children.length > NOTICES_MAX) page.notices.firstChild.remove();
  setTimeout(() => box.remove(), NOTICE_MS);
}

function setTheme() {
  const theme = readTheme();
  world.setTheme(theme);
  panels.setTheme(theme);
  refreshSoon();
}

page.whole.addEventListener("click", () => world.reset());
page.again.addEventListener("click", () => connection.connectAgain());
page.openParameters.addEventListener("click", () => {
  const open = page.main.dataset.parameters !== "open";
  page.main.dataset.parameters = open ? "open" : "closed";
  page.openParameters.setAttribute("aria-expanded", String(open));
});
page.openStudy.addEventListener("click", () => page.studyText.showModal());
page.closeStudy.addEventListener("click", () => page.studyText.close());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", setTheme);
setTheme();
connection.connect();
