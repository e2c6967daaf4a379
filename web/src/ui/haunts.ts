/** Places where vehicles stop again and again without explanation: the same stall every Tuesday. */
import type { App } from "../app.ts";
import { clockOf, type Haunt } from "../reports.ts";
import { duration, weekdayName } from "../time.ts";
import { w } from "../words/index.ts";
import { attr, h, show, text, type Row } from "./dom.ts";
import { Folded } from "./folded.ts";
import type { View } from "./topbar.ts";

const FIRST_ROWS = 4;
const MOST_ROWS = 30; // those with the most hours come first; the rest is chance
const WEEK = [1, 2, 3, 4, 5, 6, 7] as const;

export function hauntsView(app: App, look: (lon: number, lat: number) => void): View {
  const words = w().rounds;
  const note = h("p", { class: "note" });
  const lead = h("p", { class: "sub", text: words.hauntsLead });
  const key = (haunt: Haunt): string => `${haunt.lon}|${haunt.lat}`;
  const list = new Folded<Haunt>(FIRST_ROWS, h("ul", { class: "rows haunts" }), key, (haunt) => hauntRow(app, haunt, look));
  return {
    node: h("section", {}, h("div", { class: "band" }, h("h2", { text: words.haunts })), lead, list.node, note),
    render(): void {
      const { value, state } = app.rounds.haunts;
      list.render((value ?? []).slice(0, MOST_ROWS));
      text(note, state === "failed" ? words.failed : value ? words.noHaunts : words.busy);
      show(note, state === "failed" || !value?.length);
    },
  };
}

function hauntRow(app: App, first: Haunt, look: (lon: number, lat: number) => void): Row<Haunt> {
  let shown = first;
  const title = h("b");
  const who = h("span", { class: "what" });
  const rhythm = h("span", { class: "what" });
  const long = h("span", { class: "long" });
  const week = h("span", { class: "week", attrs: { "aria-hidden": true } }, ...WEEK.map((day) => h("i", { attrs: { "data-day": weekdayName(day, "narrow") } })));
  const row = h(
    "button", { class: "row", attrs: { type: "button" }, on: { click: () => look(shown.lon, shown.lat) } },
    h("span", { class: "row-main" }, h("span", { class: "row-title" }, title, who), rhythm), week, long,
  );
  return {
    node: h("li", { class: "unit" }, row),
    update(haunt): void {
      shown = haunt;
      text(title, app.areaName(haunt.area) || `${haunt.lat.toFixed(4)}, ${haunt.lon.toFixed(4)}`);
      text(who, haunt.vehicles.length === 1 ? (haunt.vehicles[0] ?? "") : w().rounds.vehicles(haunt.vehicles.length));
      attr(who, "title", haunt.vehicles.join(", "));
      text(rhythm, said(haunt));
      text(long, duration(haunt.total_s));
      const most = Math.max(1, ...haunt.weekdays);
      WEEK.forEach((day, i) => {
        const bar = week.children[i] as HTMLElement | undefined;
        bar?.style.setProperty("--part", String((haunt.weekdays[i] ?? 0) / most));
        if (bar) attr(bar, "data-every", haunt.every.includes(day));
      });
    },
  };
}

function said(haunt: Haunt): string {
  const at = clockOf(haunt.usual_min);
  if (!haunt.every.length) return w().rounds.often(haunt.stops, haunt.days, at);
  const days = haunt.every.length === WEEK.length ? w().rounds.daily : haunt.every.map((day) => weekdayName(day)).join(", ");
  return w().rounds.every(days, at, haunt.stops);
}
