/** One unit from near: what is known, how old it is, and its last two hours. */
import * as api from "../api.ts";
import type { App } from "../app.ts";
import { knownUntil, look, name, standing } from "../fleet.ts";
import { TRAIL_MS, gapAfterMs, strip } from "../map/trail.ts";
import { compass, duration, kmh, metres } from "../time.ts";
import type { Unit } from "../types.ts";
import { w } from "../words/index.ts";
import { ackButton } from "./ack.ts";
import { KeyedList, attr, h, show, text } from "./dom.ts";
import { closedStop, openStop, stopBar, stopRow, type Stop } from "./dwells.ts";
import { icon, iconName, unitIcon } from "./icons.ts";
import { story } from "./list.ts";
import { ruledAlerts } from "./ruled.ts";
import type { View } from "./topbar.ts";

export function detail(app: App): View {
  const words = w().detail;
  const node = h("aside", { class: "detail", attrs: { "aria-label": w().detail.label, tabindex: -1 } });
  const head = heading(app);
  const now = standingNow(app);
  const ruled = ruledAlerts(app, () => app.selected);
  const facts = factTable(app);
  const strip = timeStrip(app);
  const stops = new KeyedList<Stop>(h("ul", { class: "rows" }), (stop) => stop.id, (stop) => stopRow(app, stop, false));
  const noStops = h("p", { class: "note", text: words.noStops });
  const files = downloads(app);
  node.append(
    head.node, h("div", { class: "detail-body" }, now.node, ruled.node, strip.node, facts.node,
      h("div", { class: "band" }, h("h2", { text: words.todayStops })), stops.node, noStops, files.node),
  );
  return {
    node,
    render(): void {
      const unit = app.unit(app.selected);
      show(node, unit !== undefined);
      if (!unit) return;
      for (const part of [head, now, ruled, strip, facts, files]) part.render();
      const today = todaysStops(app, unit);
      stops.render(today);
      show(noStops, today.length === 0 && app.past?.state === "ready");
    },
  };
}

function todaysStops(app: App, unit: Unit): Stop[] {
  const running = openStop(app, unit);
  const day = app.clock.startOfDay(app.now());
  const ended = (app.past?.dwells ?? [])
    .filter((row) => row.id !== running?.id && row.end !== null && Date.parse(row.end) >= day)
    .map((row) => closedStop(app, row));
  return [...(running ? [running] : []), ...ended.sort((a, b) => b.start - a.start)];
}

function heading(app: App): View {
  const mark = h("span", { class: "row-icon" });
  const title = h("h2");
  const plate = h("span", { class: "sub" });
  const follow = h("button", { class: "ghost", attrs: { type: "button" }, on: { click: () => app.set(() => (app.following = !app.following)) } }, icon("follow", "plain"));
  const close = h("button", { class: "ghost", title: w().detail.close, attrs: { type: "button", "aria-label": w().detail.close }, on: { click: () => app.select(undefined) } }, icon("close", "plain"));
  return {
    node: h("div", { class: "detail-head" }, mark, h("div", { class: "titles" }, title, plate), follow, close),
    render(): void {
      const unit = app.unit(app.selected);
      if (!unit) return;
      const vehicle = unit.vehicle ? app.vehicles.get(unit.vehicle) : undefined;
      mark.replaceChildren(unitIcon(unit));
      attr(mark, "data-icon", iconName(unit));
      text(title, name(unit));
      text(plate, [vehicle?.plate !== unit.vehicle ? vehicle?.plate : "", vehicle?.group].filter(Boolean).join(" · "));
      const label = app.following ? w().detail.unfollow : w().detail.follow;
      attr(follow, "aria-pressed", String(app.following));
      attr(follow, "aria-label", label);
      attr(follow, "title", label);
    },
  };
}

/** What it does, where and why; the bar of the present stop; and the button when there is something to take on. */
function standingNow(app: App): View {
  const what = h("strong", { class: "state" });
  const where = h("span", { class: "place" });
  const purpose = h("span", { class: "tag" });
  const bar = stopBar();
  const parts = h("p", { class: "parts" });
  const why = h("button", { class: "link-button", text: w().why.ask, attrs: { type: "button" }, on: { click: () => app.askWhy(app.selected) } });
  const known = h("span");
  const silent = h("p", { class: "last-known" }, known, " ", why);
  const ack = ackButton(app, () => (app.selected ? app.alertOf(app.selected) : undefined));
  const node = h("div", { class: "now" }, h("div", { class: "now-line" }, what, ack.node), h("p", { class: "now-line" }, where, purpose), bar.node, parts, silent);
  return {
    node,
    render(): void {
      const unit = app.unit(app.selected);
      if (!unit) return;
      const [doing, place] = story(app, unit);
      attr(node, "data-look", look(unit));
      text(what, doing);
      text(where, place);
      text(purpose, unit.dwell ? w().purpose[unit.dwell.purpose] : "");
      attr(purpose, "data-purpose", unit.dwell?.purpose);
      for (const each of [bar.node, parts, purpose]) show(each, unit.dwell !== null && !unit.clock);
      show(silent, unit.state === "silent");
      text(known, unit.clock ? w().detail.clock(app.clock.minutes(unit.clock.since)) : w().detail.lastKnown);
      ack.render();
      if (!unit.dwell) return;
      const long = standing(unit, app.now());
      bar.update(long);
      const heard = [w().dwells.observed(duration(long.observed)), w().dwells.silent(duration(long.silent))];
      text(parts, [w().whys[unit.dwell.why] ?? "", ...heard].filter(Boolean).join(" · "));
    },
  };
}

function factTable(app: App): View {
  const words = w().detail;
  const names = [words.lastFix, words.speed, words.heading, words.accuracy, words.battery, app.word("area", words.area), words.position, words.device];
  const cells = names.map(() => h("dd"));
  const node = h("dl", { class: "facts" }, ...names.map((label, i) => h("div", {}, h("dt", { text: label }), cells[i] ?? "")));
  return {
    node,
    render(): void {
      const unit = app.unit(app.selected);
      if (!unit) return;
      const age = duration((app.now() - unit.time) / 1000);
      const values = [
        `${app.clock.seconds(unit.time)} · ${w().ago(age)}`,
        unit.speed === null ? "—" : kmh(unit.speed),
        unit.course === null ? "—" : `${compass(unit.course)} ${Math.round(unit.course)}°`,
        unit.accuracy === null ? "—" : `± ${metres(unit.accuracy)}`,
        unit.battery === null ? "—" : `${Math.round(unit.battery)} %`,
        app.areaName(unit.area) || "—",
        `${unit.lat.toFixed(5)}, ${unit.lon.toFixed(5)}`,
        unit.vehicle === null ? `${unit.device} (${words.noVehicle})` : unit.device,
      ];
      values.forEach((value, i) => { const cell = cells[i]; if (cell) text(cell, value); });
    },
  };
}

/** Two hours as a strip: moving, stopped, and hatched where nothing was heard. */
function timeStrip(app: App): View {
  const words = w().detail;
  const bands = h("div", { class: "strip", attrs: { role: "img", "aria-label": words.twoHours } });
  const ticks = h("div", { class: "ticks" });
  const note = h("span", { class: "sub" });
  const node = h("div", { class: "hours" }, h("div", { class: "band" }, h("h2", { text: words.twoHours }), note), bands, ticks);
  let drawn = "";
  return {
    node,
    render(): void {
      const unit = app.unit(app.selected);
      const past = app.past;
      if (!unit || !past) return;
      const said = { loading: words.loading, failed: words.failed, ready: past.fixes.length ? words.fixes(past.fixes.length) : words.noFixes };
      text(note, said[past.state]);
      const to = Math.floor(app.now() / 5000) * 5000;
      const key = `${past.device}${past.fixes.length}${past.state}${to}${unit.state}`;
      if (key === drawn) return;
      drawn = key;
      draw(app, unit, to, bands, ticks);
    },
  };
}

function draw(app: App, unit: Unit, to: number, bands: HTMLElement, ticks: HTMLElement): void {
  const from = to - TRAIL_MS;
  const past = app.past;
  const stops = (past?.dwells ?? []).map((row) => ({ start: Date.parse(row.start), end: row.end ? Date.parse(row.end) : knownUntil(unit, to) }));
  if (unit.dwell && !stops.some((stop) => stop.start === unit.dwell?.start)) stops.push({ start: unit.dwell.start, end: knownUntil(unit, to) });
  const sorted = stops.sort((a, b) => a.start - b.start);
  const spans = past?.state === "ready" ? strip(past.fixes, sorted, from, to, gapAfterMs(unit.class)) : [];
  bands.replaceChildren(
    ...spans.map((span) => {
      const piece = h("i", { class: span.kind, title: `${app.clock.minutes(span.from)}–${app.clock.minutes(span.to)} ${w().strip[span.kind]}` });
      piece.style.left = `${(100 * (span.from - from)) / TRAIL_MS}%`;
      piece.style.width = `${(100 * (span.to - span.from)) / TRAIL_MS}%`;
      return piece;
    }),
  );
  const marks = [0, 0.25, 0.5, 0.75].map((part) => h("span", { text: app.clock.minutes(from + part * TRAIL_MS) }));
  ticks.replaceChildren(...marks, h("span", { text: w().now }));
}

function downloads(app: App): View {
  const links = ["csv", "gpx", "geojson", "kml"].map((format) => ({ format, node: h("a", { text: format.toUpperCase(), attrs: { download: true } }) }));
  return {
    node: h("p", { class: "downloads" }, `${w().detail.download}: `, ...links.map((each) => each.node)),
    render(): void {
      const device = app.selected;
      if (!device) return;
      const to = Math.floor(app.now() / 60_000) * 60_000 + 60_000;
      for (const { format, node } of links) attr(node, "href", api.fixesUrl(device, to - TRAIL_MS, to, format).slice(1));
    },
  };
}
