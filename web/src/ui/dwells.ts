/** The stops: those going on come from the live feed (so they grow by the second), those of today from the archive. */
import type { App } from "../app.ts";
import { isPerson, name, standing } from "../fleet.ts";
import { overlaid, sayingsOf } from "../saying.ts";
import { duration } from "../time.ts";
import type { Alert, Dwell, Purpose, Sayings, Unit } from "../types.ts";
import { w } from "../words/index.ts";
import { ackButton } from "./ack.ts";
import { KeyedList, attr, h, show, text, walk, type Row } from "./dom.ts";
import { sayView } from "./say.ts";
import type { View } from "./topbar.ts";

const MOST_ROWS = 150;
const MOST_MISSED = 20;
const FULL_BAR_S = 3600;

/** One stop as it is shown, whichever way it came. */
export interface Stop extends Sayings {
  id: string;
  device: string;
  title: string;
  where: string;
  start: number;
  end: number | null;
  total: number;
  observed: number;
  silent: number;
  purpose: Purpose;
  why: string;
  reason: string;
  alert: boolean;
  class: string;
}

export function openStop(app: App, unit: Unit): Stop | undefined {
  if (!unit.dwell) return undefined;
  const { id, start, purpose, why, reason, alert } = unit.dwell;
  const stop: Stop = {
    id, device: unit.device, class: unit.class, title: name(unit), where: app.where(unit), start, end: null,
    purpose, why, reason, alert, ...standing(unit, app.now()), ...sayingsOf(app.past?.dwells.find((row) => row.id === id)),
  };
  return overlaid(stop, app.saying.of(id), app.now());
}

export function closedStop(app: App, row: Dwell): Stop {
  const end = row.end === null ? null : Date.parse(row.end);
  const stop: Stop = {
    id: row.id, device: row.device, class: row.class, title: row.vehicle ?? row.device, where: row.place?.name ?? app.areaName(row.area),
    start: Date.parse(row.start), end, total: row.duration_s, observed: row.observed_s, silent: row.silent_s,
    purpose: row.purpose, why: row.why, reason: row.reason, alert: row.alert, ...sayingsOf(row),
  };
  return overlaid(stop, app.saying.of(row.id), app.now());
}

export function dwellPanel(app: App): View {
  const words = w().dwells;
  const only = h("input", { attrs: { type: "checkbox" }, on: { change: () => app.set(() => (app.onlyUnexplained = only.checked)) } });
  const open = section(app, words.open);
  const today = section(app, words.today);
  const missed = missedAlerts(app);
  const none = h("p", { class: "note", text: words.none });
  const more = h("p", { class: "note", text: words.truncated });
  const legend = h("div", { class: "bar-legend" }, h("i", { class: "heard" }), words.legendObserved, h("i", { class: "unheard" }), words.legendSilent);
  const node = h("div", { class: "list dwells" }, h("div", { class: "panel-tools" }, h("label", {}, only, words.onlyUnexplained), legend), open.node, missed.node, today.node, none, more);
  node.addEventListener("keydown", (event) => walk(node, event));
  return {
    node,
    render(): void {
      only.checked = app.onlyUnexplained;
      const wanted = (stop: Stop): boolean => matches(app, stop);
      const running = [...app.fleet.units.values()]
        .filter((unit) => !isPerson(unit))
        .flatMap((unit) => openStop(app, unit) ?? [])
        .filter(wanted)
        .sort((a, b) => urgency(a) - urgency(b) || a.start - b.start);
      const ended = app.lists.closed.map((row) => closedStop(app, row)).filter(wanted);
      open.render(running);
      missed.render();
      today.render(ended.slice(0, MOST_ROWS));
      show(none, running.length + ended.length === 0);
      show(more, ended.length > MOST_ROWS || app.lists.closedMore);
    },
  };
}

/** What nobody has explained comes first. */
const urgency = (stop: Stop): number => (stop.alert ? 0 : stop.purpose === "unexplained" ? 1 : stop.purpose === "unlabelled" ? 2 : 3);

function matches(app: App, stop: Stop): boolean {
  if (app.onlyUnexplained && stop.purpose !== "unexplained") return false;
  const sought = app.search.trim().toLocaleLowerCase();
  return !sought || [stop.title, stop.device, stop.where].some((each) => each.toLocaleLowerCase().includes(sought));
}

/** An alert that came and went unseen is still owed an answer. */
function missedAlerts(app: App): View {
  const count = h("span", { class: "count" });
  const list = new KeyedList<Alert>(h("ul", { class: "rows" }), (alert) => alert.id, (alert) => missedRow(app, alert));
  const node = h("section", {}, h("div", { class: "band" }, h("h2", { text: w().dwells.missed }), count), list.node);
  return {
    node,
    render(): void {
      const missed = app.missed();
      list.render(missed.slice(0, MOST_MISSED));
      text(count, String(missed.length));
      show(node, missed.length > 0 && !app.search);
    },
  };
}

function missedRow(app: App, alert: Alert): Row<Alert> {
  const at = Date.parse(alert.raised);
  const when = `${app.clock.dayMonth(at)} ${app.clock.minutes(at)}`;
  const ack = ackButton(app, () => alert.id, w().dwells.reviewed);
  const what = h("span", { class: "what" });
  const row = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => app.select(alert.device, true) } },
    h("span", { class: "row-main" }, h("b", { text: alert.vehicle ?? alert.device }), what));
  return {
    node: h("li", { class: "unit missed" }, row, ack.node),
    update(now): void {
      text(what, [w().dwells.missedAt(when), now.kind === "rule" ? app.cause(now) : ""].filter(Boolean).join(" · "));
      attr(what, "title", what.textContent ?? "");
      ack.render();
    },
  };
}

function section(app: App, title: string): { node: HTMLElement; render(stops: Stop[]): void } {
  const count = h("span", { class: "count" });
  const list = new KeyedList<Stop>(h("ul", { class: "rows" }), (stop) => stop.id, (stop) => stopRow(app, stop));
  const node = h("section", {}, h("div", { class: "band" }, h("h2", { text: title }), count), list.node);
  return {
    node,
    render(stops): void {
      list.render(stops);
      text(count, String(stops.length));
      show(node, stops.length > 0);
    },
  };
}

export function stopRow(app: App, first: Stop, titled = true): Row<Stop> {
  const title = h("b");
  const where = h("span", { class: "where" });
  const long = h("span", { class: "long" });
  const when = h("span", { class: "when" });
  const tag = h("span", { class: "tag" });
  const said = h("span", { class: "stop-said" });
  const teller = h("span", { class: "stop-by" });
  const say = sayView(app, !titled);
  const bar = stopBar();
  const row = h(
    "button",
    { class: "row stop", attrs: { type: "button" }, on: { click: () => app.select(first.device, true) } },
    h("span", { class: "stop-head" }, h("span", { class: "row-title" }, titled && title, where), long),
    bar.node,
    h("span", { class: "stop-foot" }, when, tag),
    said, teller,
  );
  return {
    node: h("li", { class: "unit spoken" }, row, say.node),
    update(stop): void {
      text(title, stop.title);
      text(where, stop.where || "—");
      text(long, duration(stop.total));
      const start = app.clock.minutes(stop.start);
      const span = stop.end === null ? w().dwells.fromOpen(start) : w().dwells.from(start, app.clock.minutes(stop.end));
      const judge = stop.why === "label" ? spoke(app, stop.labelled_by, stop.labelled_at) : "";
      text(when, [span, judge ? w().say.judged(judge) : w().whys[stop.why]].filter(Boolean).join(" · "));
      text(said, stop.reason);
      show(said, stop.reason !== "");
      text(teller, stop.reason ? spoke(app, stop.reason_by, stop.reason_at) : "");
      show(teller, teller.textContent !== "");
      text(tag, w().purpose[stop.purpose]);
      attr(tag, "data-purpose", stop.purpose);
      attr(row, "data-alert", stop.alert);
      attr(row, "data-purpose", stop.purpose);
      bar.update(stop);
      say.render(stop);
    },
  };
}

/** "sari, 08:01": who spoke, and when; the day too if it was not today. */
function spoke(app: App, by: string | null, at: string | null): string {
  if (by === null || at === null) return "";
  const ms = Date.parse(at);
  const today = app.clock.date(ms) === app.clock.date(app.now());
  return `${by}, ${today ? "" : `${app.clock.dayMonth(ms)} `}${app.clock.minutes(ms)}`;
}

/** Length, an hour being the full width; the hatched part is what nobody heard. */
export function stopBar(): { node: HTMLElement; update(stop: Pick<Stop, "total" | "observed" | "silent">): void } {
  const heard = h("i", { class: "heard" });
  const unheard = h("i", { class: "unheard" });
  const node = h("span", { class: "bar", attrs: { role: "img" } }, heard, unheard);
  const width = (seconds: number, of: number): string => `${((100 * seconds) / of).toFixed(2)}%`;
  return {
    node,
    update({ total, observed, silent }): void {
      const scale = Math.max(FULL_BAR_S, total);
      heard.style.width = width(observed, scale);
      unheard.style.width = width(silent, scale);
      const said = `${w().dwells.observed(duration(observed))}, ${w().dwells.silent(duration(silent))}`;
      attr(node, "aria-label", said);
      attr(node, "title", said);
    },
  };
}
