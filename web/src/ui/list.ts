/** The list by need of attention. It is the map's equal: everything the map can show can be reached here by keyboard. */
import type { App } from "../app.ts";
import { BANDS, band, byAttention, isPerson, name, standing, type Band } from "../fleet.ts";
import { duration, kmh, shortDuration } from "../time.ts";
import type { Unit } from "../types.ts";
import { w } from "../words/index.ts";
import { ackButton } from "./ack.ts";
import { KeyedList, attr, h, show, text, walk, type Row } from "./dom.ts";
import { iconName, unitIcon } from "./icons.ts";
import { ruledAlerts } from "./ruled.ts";
import type { View } from "./topbar.ts";

const MOST_ROWS = 250;

type Item = { band: Band; count: number } | Unit;
const isUnit = (item: Item): item is Unit => "device" in item;

export function attentionList(app: App): View {
  const words = w();
  const note = h("p", { class: "note" });
  const why = h("button", { class: "link-button", text: words.why.title, attrs: { type: "button" }, on: { click: () => { app.asking.words = app.search; app.askWhy(); } } });
  const list = new KeyedList<Item>(
    h("ul", { class: "rows", attrs: { "aria-label": words.tabs.attention } }),
    (item) => (isUnit(item) ? `u:${item.device}` : `b:${item.band}`),
    (item) => (isUnit(item) ? unitRow(app, item) : header(app, item.band)),
  );
  const ruled = ruledAlerts(app);
  for (const part of [ruled, list]) part.node.addEventListener("keydown", (event) => walk(part.node, event));
  return {
    node: h("div", { class: "list" }, ruled.node, list.node, note, h("p", { class: "note missing" }, `${words.why.missing} `, why)),
    render(): void {
      ruled.render();
      const units = byAttention([...app.fleet.units.values()].filter((unit) => app.passes(unit)));
      list.render(grouped(units.slice(0, MOST_ROWS), units));
      const rest = units.length - MOST_ROWS;
      const empty = app.fleet.units.size ? words.nothingFound : words.noUnits;
      text(note, units.length === 0 ? empty : rest > 0 ? words.more(rest) : "");
      show(note, units.length === 0 || rest > 0);
    },
  };
}

function grouped(shown: Unit[], all: Unit[]): Item[] {
  const counts = new Map<Band, number>();
  for (const unit of all) counts.set(band(unit), (counts.get(band(unit)) ?? 0) + 1);
  return BANDS.flatMap((each): Item[] => {
    const units = shown.filter((unit) => band(unit) === each);
    return units.length ? [{ band: each, count: counts.get(each) ?? 0 }, ...units] : [];
  });
}

function header(app: App, which: Band): Row<Item> {
  const count = h("span", { class: "count" });
  const node = h("li", { class: "band" }, h("h2", { text: which === "people" ? app.word("volunteer", w().band.people) : w().band[which] }), count);
  return { node, update: (item) => text(count, isUnit(item) ? "" : String(item.count)) };
}

function unitRow(app: App, first: Unit): Row<Item> {
  const device = first.device;
  const icon = h("span", { class: "row-icon" });
  const title = h("b");
  const what = h("span", { class: "what" });
  const age = h("span", { class: "age" });
  const tag = h("span", { class: "tag" });
  const row = h(
    "button",
    { class: "row", attrs: { type: "button" }, on: { click: () => app.select(device, true) } },
    icon, h("span", { class: "row-main" }, h("span", { class: "row-title" }, title, tag), what), age,
  );
  const ack = ackButton(app, () => app.alertOf(device));
  const node = h("li", { class: "unit" }, row, ack.node);
  let drawn = "";
  return {
    node,
    update(item): void {
      if (!isUnit(item)) return;
      const shape = `${iconName(item)}${Math.round((item.course ?? 0) / 5)}`;
      if (shape !== drawn) icon.replaceChildren(unitIcon(item));
      drawn = shape;
      text(title, name(item));
      const said = sentence(app, item);
      text(what, said);
      attr(what, "title", said);
      const seconds = Math.max(0, (app.now() - (item.clock?.received ?? item.time)) / 1000);
      text(age, roughAge(seconds));
      attr(age, "title", `${w().detail.lastFix}: ${w().ago(duration(seconds))}`);
      attr(age, "data-old", seconds > 60);
      label(app, item, tag);
      attr(node, "data-band", band(item));
      attr(row, "aria-current", item.device === app.selected ? "true" : undefined);
      ack.render();
    },
  };
}

/** What the unit does and for how long; where; and what of it was not heard. */
export function story(app: App, unit: Unit): [what: string, where: string, unheard: string] {
  const words = w().row;
  const where = app.where(unit);
  const now = app.now();
  if (unit.sos) return [words.sos, where, ""];
  if (unit.clock) return [words.clock(shortDuration(unit.clock.behind_s)), "", ""];
  if (unit.state === "moving") {
    const speed = unit.speed !== null && unit.speed > 0.5 ? kmh(unit.speed) : "";
    return [words.moving(speed), where, ""];
  }
  if (unit.state === "silent" && !unit.dwell) return [words.silent(duration((now - unit.time) / 1000)), where, ""];
  const { total, silent } = standing(unit, now);
  const unheard = unit.state === "silent" && silent > 60 ? words.unheard(duration(silent)) : "";
  return [words.stopped(duration(total)), where, unheard];
}

/** The same in one line. */
export function sentence(app: App, unit: Unit): string {
  const [what, where, unheard] = story(app, unit);
  return [what, unheard, where].filter(Boolean).join(" · ");
}

/** Age of the last fix in steps: a number that changes every second in every row is noise. */
function roughAge(seconds: number): string {
  if (seconds < 10) return `< ${duration(10)}`;
  return shortDuration(seconds < 60 ? Math.floor(seconds / 10) * 10 : seconds);
}

function label(app: App, unit: Unit, tag: HTMLElement): void {
  const purpose = unit.state === "moving" || unit.clock || isPerson(unit) ? undefined : unit.dwell?.purpose;
  const handled = band(unit) === "handled";
  const by = handled ? app.handler(unit) : undefined;
  text(tag, handled ? (by ? w().ackedBy(by) : w().acked) : purpose ? w().purpose[purpose] : "");
  attr(tag, "data-purpose", handled ? undefined : purpose);
  show(tag, handled || (purpose !== undefined && purpose !== "unlabelled"));
}
