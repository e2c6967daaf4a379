/** The roll call: how many vehicles do what, and by name those somebody should look after. */
import type { App } from "../app.ts";
import { MORNING_MIN } from "../rounds.ts";
import { DOINGS, called, clockOf, type Answer, type Doing } from "../reports.ts";
import { w } from "../words/index.ts";
import { attr, coversMap, h, show, text, type Row } from "./dom.ts";
import { Folded } from "./folded.ts";
import { icon } from "./icons.ts";
import type { View } from "./topbar.ts";

const FIRST_ROWS = 6;
/** The shapes that units have on the map; the others have one of their own. */
const GLYPHS: Record<Doing, [name: string, tone: string]> = {
  never_seen: ["unknown", "alert"], silent: ["silent", "silent"], depot: ["depot", "plain"], stopped: ["stopped", "stopped"],
  moving: ["moving", "moving"], workshop: ["workshop", "plain"],
};

export function rollView(app: App): View {
  const words = w().rounds;
  const at = h("span", { class: "sub" });
  const when = whenPicker(app);
  const chips = DOINGS.map((doing) => chip(app, doing));
  const note = h("p", { class: "note" });
  const list = new Folded<Answer>(FIRST_ROWS, h("ul", { class: "rows roll" }), (one) => one.vehicle, (one) => answerRow(app, one));
  return {
    node: h(
      "section", {},
      h("div", { class: "band" }, h("h2", { text: words.roll }), at, when.node),
      h("div", { class: "chips wrap", attrs: { role: "group", "aria-label": words.roll } }, ...chips.map((each) => each.node)),
      list.node, note,
    ),
    render(): void {
      const { only, roll: { value, state } } = app.rounds;
      text(at, value ? words.rollAt(app.clock.minutes(Date.parse(value.at))) : "");
      when.render();
      for (const each of chips) each.render();
      const rows = called(value?.items ?? [], only);
      list.render(rows);
      const none = only ? words.noneSo : words.allWell;
      text(note, state === "failed" ? words.failed : value === undefined ? words.busy : none);
      show(note, state === "failed" || value === undefined || rows.length === 0);
    },
  };
}

/** As things stand, or as they stood at a quarter past six; of another day only the latter is asked. */
function whenPicker(app: App): View {
  const choice = (morning: boolean, says: string): HTMLButtonElement =>
    h("button", { text: says, attrs: { type: "button" }, on: { click: () => app.rounds.callRoll(morning) } });
  const now = choice(false, w().rounds.asNow);
  const early = choice(true, clockOf(MORNING_MIN));
  const node = h("div", { class: "switch", attrs: { role: "group", "aria-label": w().rounds.roll } }, now, early);
  return {
    node,
    render(): void {
      show(node, app.rounds.isToday && app.rounds.morningOver);
      attr(now, "aria-pressed", String(!app.rounds.morning));
      attr(early, "aria-pressed", String(app.rounds.morning));
    },
  };
}

function chip(app: App, doing: Doing): View {
  const count = h("b");
  const [glyph, tone] = GLYPHS[doing];
  const toggle = (): void => app.set(() => (app.rounds.only = app.rounds.only === doing ? undefined : doing));
  const node = h("button", { class: `chip tone-${tone}`, attrs: { type: "button", "data-doing": doing }, on: { click: toggle } }, icon(glyph, tone), count, h("span", { text: w().rounds.doing[doing] }));
  return {
    node,
    render(): void {
      const n = app.rounds.roll.value?.summary[doing] ?? 0;
      text(count, String(n));
      node.classList.toggle("none", n === 0);
      attr(node, "aria-pressed", String(app.rounds.only === doing));
    },
  };
}

function answerRow(app: App, first: Answer): Row<Answer> {
  let shown = first;
  const mark = h("span", { class: "row-icon" });
  const title = h("b", { text: first.vehicle });
  const what = h("span", { class: "what" });
  const row = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => lookAt(app, shown) } }, mark, h("span", { class: "row-title" }, title, what));
  return {
    node: h("li", { class: "unit" }, row),
    update(one): void {
      shown = one;
      if (row.dataset["doing"] !== one.state) mark.replaceChildren(icon(...GLYPHS[one.state]));
      row.dataset["doing"] = one.state;
      text(what, sentence(app, one));
      attr(row, "aria-current", one.device !== null && one.device === app.selected ? "true" : undefined);
    },
  };
}

/** Its place on the map, with what is known of it; of one that was never heard, why that is so. */
function lookAt(app: App, one: Answer): void {
  if (coversMap()) app.rounds.close();
  if (app.unit(one.device ?? undefined)) return app.select(one.device ?? undefined, true);
  if (one.device === null) app.asking.words = one.vehicle;
  app.askWhy(one.device ?? undefined);
}

function sentence(app: App, one: Answer): string {
  const words = w().rounds;
  if (one.state === "never_seen") return one.device === null ? words.noDevice : words.neverSeen(one.device);
  const at = one.since === null ? 0 : Date.parse(one.since);
  const day = app.clock.date(at) === app.rounds.day ? "" : `${app.clock.dayMonth(at)} `;
  const since = one.since === null ? "" : words.since(day + app.clock.minutes(at));
  const place = one.state === "depot" ? undefined : one.place?.name;
  return [words.doing[one.state], since, place].filter(Boolean).join(" · ");
}
