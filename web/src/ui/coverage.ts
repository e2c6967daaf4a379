/** Which points of the day's rounds were served. What nobody knows is never shown as missed: by its words and by its pattern. */
import type { App } from "../app.ts";
import { STATUSES, byNeed, doubt, inTrouble, parts, unserved, type Counts, type Driven, type Idle, type Point, type Round, type Status } from "../reports.ts";
import { metres } from "../time.ts";
import { w } from "../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "./dom.ts";
import { icon } from "./icons.ts";
import type { View } from "./topbar.ts";

type Look = (lon: number, lat: number) => void;
const FIRST_ROUTES = 4; // when nothing is wrong anywhere

export function coverageView(app: App, look: Look): View {
  const words = w().rounds;
  let whole = false;
  const done = h("span", { class: "sub" });
  const bar = statusBar();
  const key = h("ul", { class: "status-key" }, ...STATUSES.map((status) => keyItem(status)));
  const note = h("p", { class: "note" });
  const list = new KeyedList<Round>(h("ul", { class: "rows routes" }), (one) => `${one.route}|${one.shift}`, () => routeRow(app, look));
  const all = h("button", { class: "link-button more", attrs: { type: "button" }, on: { click: () => app.set(() => (whole = !whole)) } });
  const undriven = new KeyedList<Idle>(h("ul", { class: "rows routes" }), (one) => one.route, () => undrivenRow());
  const free = h("p", { class: "note" });
  const sum = h("div", { class: "sum" }, bar.node, key);
  return {
    node: h("section", {}, h("div", { class: "band" }, h("h2", { text: words.coverage }), done), sum, note, undriven.node, list.node, all, free),
    render(): void {
      const { value, state } = app.rounds.coverage;
      const routes = byNeed(value?.routes ?? []);
      const trouble = routes.filter(inTrouble);
      const nobody = (value?.idle ?? []).filter(({ why }) => why === "nobody");
      const notToday = (value?.idle ?? []).filter(({ why }) => why === "not_today");
      show(sum, routes.length > 0);
      text(done, value && routes.length ? words.done(value.summary.served + value.summary.late, value.summary.planned) : "");
      if (value) bar.update(value.summary);
      if (value) STATUSES.forEach((status, i) => text(key.children[i]?.querySelector("b") ?? key, String(value.summary[status])));
      text(note, state === "failed" ? words.failed : !value ? words.busy : routes.length ? words.fine : words.noRounds);
      show(note, state === "failed" || !value || trouble.length + nobody.length === 0);
      undriven.render(nobody);
      list.render(whole ? routes : trouble.length ? trouble : routes.slice(0, FIRST_ROUTES));
      text(all, whole ? words.fewer : words.allRoutes(routes.length));
      show(all, routes.length > (trouble.length || FIRST_ROUTES));
      text(free, words.notToday(notToday.map(nameOf).join(", ")));
      show(free, notToday.length > 0);
    },
  };
}

const nameOf = ({ name, route }: { name: string; route: string }): string => name || route;

/** A route that no vehicle was on: nothing to open, and nothing that could be known of its points. */
function undrivenRow(): Row<Idle> {
  const name = h("b");
  const why = h("span", { class: "what" });
  return {
    node: h("li", {}, h("div", { class: "row undriven", title: w().rounds.undrivenHint }, h("span", { class: "row-title" }, icon("no", "plain"), name, why))),
    update(one): void {
      text(name, nameOf(one));
      text(why, one.points ? w().rounds.undriven(one.points) : w().rounds.undrivenStreets(one.streets));
    },
  };
}

const keyItem = (status: Status): HTMLElement =>
  h("li", { title: w().rounds.statusHint[status] }, h("i", { attrs: { "data-status": status } }), h("b"), ` ${w().rounds.status[status]}`);

function statusBar(): { node: HTMLElement; update(counts: Counts): void } {
  const node = h("span", { class: "status-bar", attrs: { role: "img" } });
  let drawn = "";
  return {
    node,
    update(counts): void {
      const pieces = parts(counts);
      const said = pieces.map(({ status, count }) => `${count} ${w().rounds.status[status]}`).join(", ");
      if (said === drawn) return;
      drawn = said;
      attr(node, "aria-label", said);
      attr(node, "title", said);
      node.replaceChildren(...pieces.map(({ status, percent }) => {
        const piece = h("i", { attrs: { "data-status": status } });
        piece.style.width = `${percent.toFixed(2)}%`;
        return piece;
      }));
    },
  };
}

/** One round: its bar, and behind it the points that were not served, each with what is known of it. */
function routeRow(app: App, look: Look): Row<Round> {
  let open = false;
  let shown: Round | undefined;
  const name = h("b");
  const units = h("span", { class: "what" });
  const bar = statusBar();
  const done = h("span", { class: "count" });
  const points = new KeyedList<Point>(h("ul", {}), (point) => point.point, () => pointRow(app, look, () => shown));
  const streets = new KeyedList<Driven>(h("ul", {}), (street) => street.street, () => streetRow());
  const behind = h("div", { class: "behind" }, points.node, streets.node);
  const row = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => app.set(() => (open = !open)) } }, h("span", { class: "row-title" }, name, units), bar.node, done);
  return {
    node: h("li", {}, row, behind),
    update(round): void {
      shown = round;
      const troubled = unserved(round.points);
      const bad = round.streets.filter(({ status }) => status === "missed" || status === "unknown");
      const opens = troubled.length + bad.length > 0;
      text(name, nameOf(round));
      text(units, [round.units.join(", "), round.order?.inversions ? w().rounds.inversions(round.order.inversions) : ""].filter(Boolean).join(" · "));
      bar.update(round.counts);
      text(done, `${round.counts.served + round.counts.late}/${round.counts.planned}`);
      row.disabled = !opens;
      attr(row, "aria-expanded", opens ? String(open) : undefined);
      show(behind, open && opens);
      points.render(open ? troubled : []);
      streets.render(open ? bad : []);
    },
  };
}

function pointRow(app: App, look: Look, round: () => Round | undefined): Row<Point> {
  let shown: Point | undefined;
  const mark = h("span", { class: "check-mark" });
  const title = h("b");
  const why = h("span", { class: "what" });
  const find = (): void => {
    const place = shown && app.places.get(shown.point);
    if (place) look(...place);
  };
  const row = h("button", { class: "row", attrs: { type: "button" }, on: { click: find } }, mark, h("span", { class: "row-main" }, title, why));
  return {
    node: h("li", {}, row),
    update(point): void {
      shown = point;
      if (row.dataset["status"] !== point.status) mark.replaceChildren(icon(point.status === "missed" ? "no" : "why", "plain"));
      row.dataset["status"] = point.status;
      attr(mark, "title", w().rounds.status[point.status]);
      text(title, point.name || point.point);
      text(why, known(app, point, round()));
      row.disabled = !app.places.has(point.point);
    },
  };
}

/** What is known of a point that was not served. */
function known(app: App, point: Point, round: Round | undefined): string {
  const words = w().rounds;
  const at = (text: string): string => app.clock.minutes(Date.parse(text));
  const due = point.due === null ? "" : words.due(at(point.due));
  const by = point.by && words.nearest(point.by.vehicle ?? point.by.device, metres(point.by.nearest_m), at(point.by.at));
  if (point.status === "missed") return [words.status.missed, due, by ?? words.noPass].filter(Boolean).join(" · ");
  const reason = round && doubt(point, round);
  const [from, until] = point.unheard ?? ["", ""];
  const why = reason === "unheard" ? (from && until ? words.unheard(at(from), at(until)) : "") : reason ? words[reason] : "";
  return [words.status.unknown, why, due, by].filter(Boolean).join(" · ");
}

function streetRow(): Row<Driven> {
  const mark = h("span", { class: "check-mark" });
  const title = h("b");
  const why = h("span", { class: "what" });
  const row = h("div", { class: "line" }, mark, h("span", { class: "row-main" }, title, why));
  return {
    node: h("li", {}, row),
    update(street): void {
      if (row.dataset["status"] !== street.status) mark.replaceChildren(icon(street.status === "missed" ? "no" : "why", "plain"));
      row.dataset["status"] = street.status;
      text(title, street.name || street.street);
      text(why, [w().rounds.status[street.status], w().rounds.streetShare(Math.round(100 * street.covered))].join(" · "));
    },
  };
}
