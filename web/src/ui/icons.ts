/** The same shapes as on the map, as inline SVG, so that a list row and its mark are recognised as one. */
import { isPerson, look } from "../fleet.ts";
import type { Unit } from "../types.ts";

const SHAPES: Record<string, string> = {
  moving: '<path d="M12 3.2 18.4 20 12 16.6 5.6 20Z"/>',
  dot: '<circle cx="12" cy="12" r="7.4"/>',
  stopped: '<rect x="5" y="5" width="14" height="14" rx="2.6"/>',
  silent: '<path d="M12 3.6 20.4 12 12 20.4 3.6 12Z" class="hollow"/>',
  alert: '<path d="M12 2.6 22.3 20.2a1 1 0 0 1-.9 1.5H2.6a1 1 0 0 1-.9-1.5Z"/><path class="ink" d="M12 9v5.6M12 17.6v1.2"/>',
  "alert-silent":
    '<path class="hollow" d="M12 3.6 21 19.6a.8.8 0 0 1-.7 1.2H3.7a.8.8 0 0 1-.7-1.2Z"/><path class="stroke" d="M12 9.6v4.8M12 17v1"/>',
  "severity-1": '<circle cx="12" cy="12" r="8"/><path class="ink" d="M12 8.5v4.2M12 15.4v.2"/>',
  "severity-2": '<path d="M12 2.8 21.2 12 12 21.2 2.8 12Z"/><path class="ink" d="M12 7.8v5M12 15.8v.2"/>',
  "severity-3": '<path d="M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8Z"/><path class="ink" d="M12 7v6M12 16.4v.2"/>',
  "stand-asked": '<circle cx="12" cy="12" r="7" class="stroke" stroke-dasharray="3 3"/>',
  "stand-seen": '<circle cx="12" cy="12" r="7" class="stroke"/><circle cx="12" cy="12" r="2.6"/>',
  "stand-promised": '<circle cx="12" cy="12" r="8.4"/><path class="ink" d="m8 12.4 2.8 2.8 5.2-6"/>',
  "stand-coming": '<path d="M12 3 19 20 12 16.6 5 20Z"/>',
  "stand-stalled": '<path class="hollow" d="M12 3.6 20.4 12 12 20.4 3.6 12Z"/><path class="stroke" d="M12 8.6v4.2M12 15.4v.2"/>',
  "stand-there": '<rect x="4" y="4" width="16" height="16" rx="3"/><path class="ink" d="m8 12.4 2.8 2.8 5.2-6"/>',
  "stand-over": '<path class="stroke" d="m7 7 10 10M17 7 7 17"/>',
  person: '<circle cx="12" cy="12" r="5.6"/>',
  "person-silent": '<circle cx="12" cy="12" r="5" class="hollow"/>',
};

export function iconName(unit: Unit): string {
  if (unit.alert) return unit.state === "silent" ? "alert-silent" : "alert";
  if (isPerson(unit)) return unit.state === "silent" ? "person-silent" : "person";
  if (unit.state === "moving" && unit.course === null) return "dot";
  return unit.state;
}

/** An icon; `tone` names its colour. */
export function icon(name: string, tone: string, degrees = 0): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon tone-${tone}`);
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = SHAPES[name] ?? GLYPHS[name] ?? "";
  if (degrees) svg.style.transform = `rotate(${Math.round(degrees)}deg)`;
  return svg;
}

export function unitIcon(unit: Unit): SVGSVGElement {
  const turn = iconName(unit) === "moving" ? (unit.course ?? 0) : 0;
  const tone = isPerson(unit) && !unit.alert ? "people" : look(unit);
  return icon(iconName(unit), tone, turn);
}

const GLYPHS: Record<string, string> = {
  close: '<path class="stroke" d="m6 6 12 12M18 6 6 18"/>',
  plus: '<path class="stroke" d="M12 5v14M5 12h14"/>',
  minus: '<path class="stroke" d="M5 12h14"/>',
  fit: '<path class="stroke" d="M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4"/>',
  theme: '<circle class="stroke" cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16Z"/>',
  out: '<path class="stroke" d="M10 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h4M14 8l4 4-4 4M18 12H9"/>',
  search: '<circle class="stroke" cx="11" cy="11" r="6"/><path class="stroke" d="m15.5 15.5 4 4"/>',
  follow: '<circle class="stroke" cx="12" cy="12" r="6.5"/><path class="stroke" d="M12 2.5v4M12 17.5v4M2.5 12h4M17.5 12h4"/>',
  water: '<path class="stroke" d="M3 9c2-1.8 4-1.8 6 0s4 1.8 6 0 4-1.8 6 0M3 15c2-1.8 4-1.8 6 0s4 1.8 6 0 4-1.8 6 0"/>',
  why: '<circle class="stroke" cx="12" cy="12" r="9"/><path class="stroke" d="M9.3 9.4a2.8 2.8 0 1 1 4 2.6c-.9.5-1.3 1-1.3 2M12 17v.1"/>',
  rounds: '<rect class="stroke" x="5" y="5" width="14" height="16" rx="2"/><path class="stroke" d="M9 5V3.5h6V5M8.5 13l2.3 2.3 4.7-4.8"/>',
  left: '<path class="stroke" d="m14.5 6-6 6 6 6"/>',
  right: '<path class="stroke" d="m9.5 6 6 6-6 6"/>',
  depot: '<path class="stroke" d="M4 20V10l8-5 8 5v10M8.5 20v-6h7v6"/>',
  workshop: '<path class="stroke" d="m5 19 7.2-7.2M12 12a4.6 4.6 0 0 1 5.8-6.2L15 8.6 15.4 11l2.4.4 2.6-2.8A4.6 4.6 0 0 1 14.4 14.4"/>',
  yes: '<path class="stroke" d="m5 12.5 4.5 4.5L19 7.5"/>',
  no: '<path class="stroke" d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
  unknown: '<path class="stroke" d="M6 12h12"/>',
  keys: '<rect class="stroke" x="3" y="6" width="18" height="12" rx="2"/><path class="stroke" d="M7 10h.1M11 10h.1M15 10h.1M8 14h8"/>',
};
