// Colours that colour-blind people can tell apart (Okabe and Ito 2008), and what the theme says.

export const PALETTE = [
  "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442",
];
export const GREY = "#8a8f98";

// Five stops of a scale that is even to the eye, dark to light (viridis, by hand).
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/** The colour of a class, by its number; beyond the palette lighter ones of the same hues. */
export function classColour(number) {
  const colour = PALETTE[number % PALETTE.length];
  const round = Math.floor(number / PALETTE.length);
  return round === 0 ? colour : hex(parse(colour).map((part) => part + (255 - part) * 0.45));
}

/** Red, green and blue, 0 to 255, of a "#rrggbb"; grey for anything else. */
export function parse(colour) {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(String(colour));
  return found ? found.slice(1).map((part) => parseInt(part, 16)) : [138, 143, 152];
}

// The part of the scale that stands out from the ground: on dark its dark end does not, on light
// its light end.
const visible = { low: 0, high: 1 };

/** Red, green and blue of a share 0 to 1 of the scale. */
export function scaleColour(share) {
  const inside = Math.min(Math.max(share || 0, 0), 1);
  const at = (visible.low + inside * (visible.high - visible.low)) * (STOPS.length - 1);
  return between(STOPS, at);
}

// Four stops of a scale whose ends meet: for directions.
const ROUND = [[230, 159, 0], [204, 90, 130], [40, 110, 190], [0, 158, 115], [230, 159, 0]];

/** Red, green and blue of a share 0 to 1 of the way round. */
export function roundColour(share) {
  return between(ROUND, Math.min(Math.max(share || 0, 0), 1) * (ROUND.length - 1));
}

function between(stops, at) {
  const low = Math.min(Math.floor(at), stops.length - 2);
  return stops[low].map((part, i) => Math.round(part + (stops[low + 1][i] - part) * (at - low)));
}

/** "#rrggbb" of red, green and blue. */
export function hex(parts) {
  return "#" + parts.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");
}

/** The colours of the theme in force, for canvases; read again when the theme changes. */
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const read = (name) => style.getPropertyValue(name).trim();
  const dark = lightness(parse(read("--panel"))) < 0.5;
  Object.assign(visible, dark ? { low: 0.2, high: 1 } : { low: 0, high: 0.94 });
  return {
    ground: read("--ground"), panel: read("--panel"), line: read("--line"),
    text: read("--text"), dim: read("--dim"), stage: read("--stage"), accent: read("--accent"),
    font: getComputedStyle(document.body).fontFamily,
  };
}

/** A colour made so much darker or lighter that letters of it can be read on the theme's panels. */
export function legible(colour, theme) {
  const parts = parse(colour), light = lightness(parts);
  if (lightness(parse(theme.panel)) > 0.5) {
    return light < 0.56 ? colour : hex(parts.map((part) => (part * 0.53) / light));
  }
  const lift = Math.max(0, (0.48 - light) / (1 - light));
  return hex(parts.map((part) => part + (255 - part) * lift));
}

function lightness([red, green, blue]) {
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}
