/** "Today's rounds": who is out, what was served, what the day came to, where vehicles stop again and again. */
import type { App } from "../app.ts";
import { lacking } from "../reports.ts";
import { dayName, duration, metres } from "../time.ts";
import { w } from "../words/index.ts";
import { coverageView } from "./coverage.ts";
import { attr, coversMap, h, show, text, walk } from "./dom.ts";
import { hauntsView } from "./haunts.ts";
import { icon } from "./icons.ts";
import { rollView } from "./rollcall.ts";
import type { View } from "./topbar.ts";

const NAMED = 3;

export interface RoundsActions {
  showSpot(lon: number, lat: number): void;
}

export function roundsPage(app: App, act: RoundsActions): View {
  const title = h("h2");
  const close = h("button", { class: "ghost", title: w().detail.close, attrs: { type: "button", "aria-label": w().detail.close }, on: { click: () => app.rounds.close() } }, icon("close", "plain"));
  const day = dayPicker(app);
  const look = (lon: number, lat: number): void => {
    if (coversMap()) app.rounds.close();
    act.showSpot(lon, lat);
  };
  const views = [figures(app), rollView(app), coverageView(app, look), hauntsView(app, look)];
  const body = h("div", { class: "rounds-body" }, ...views.map((view) => view.node));
  const node = h(
    "section",
    { class: "rounds", attrs: { role: "dialog", tabindex: -1 } },
    h("div", { class: "detail-head" }, h("div", { class: "titles" }, title), day.node, close),
    body,
  );
  body.addEventListener("keydown", (event) => walk(body, event));
  let wasOpen = false;
  return {
    node,
    render(): void {
      const { open, isToday } = app.rounds;
      show(node, open);
      if (open && !wasOpen) node.focus();
      wasOpen = open;
      if (!open) return;
      const says = isToday ? w().rounds.title : w().rounds.other;
      text(title, says);
      attr(node, "aria-label", says);
      day.render();
      for (const view of views) view.render();
    },
  };
}

function dayPicker(app: App): View {
  const words = w().rounds;
  const step = (by: number, glyph: string, title: string): HTMLButtonElement =>
    h("button", { class: "ghost", title, attrs: { type: "button", "aria-label": title }, on: { click: () => app.rounds.move(by) } }, icon(glyph, "plain"));
  const before = step(-1, "left", words.before);
  const after = step(1, "right", words.after);
  const name = h("span", { class: "day-name", attrs: { "aria-live": "polite" } });
  const mark = h("span", { class: "tag closed" });
  return {
    node: h("div", { class: "day-picker" }, mark, before, name, after),
    render(): void {
      const { day, isToday, closing } = app.rounds;
      before.disabled = !app.rounds.may(-1);
      after.disabled = !app.rounds.may(1);
      const near = isToday ? words.today : app.rounds.isYesterday ? words.yesterday : "";
      text(name, [near, dayName(day)].filter(Boolean).join(" · "));
      const { state, closed, corrections } = closing.value ?? { state: "open", closed: null, corrections: null };
      const lack = closing.value && lacking(closing.value);
      show(mark, state !== "open" || lack !== undefined);
      const said = { open: [], closing: [words.closing], closed: [words.closed, words.corrections(corrections ?? 0)] }[state];
      const who = lack && words[lack.kind](lack.names.slice(0, NAMED).join(", "), Math.max(0, lack.names.length - NAMED));
      text(mark, [...said, who].filter(Boolean).join(" · "));
      const at = state === "closed" && closed !== null ? Date.parse(closed) : undefined;
      const frozen = at === undefined ? undefined : words.closedHint(`${app.clock.dayMonth(at)} ${app.clock.minutes(at)}`);
      attr(mark, "title", [frozen, lack?.reasons].filter(Boolean).join("\n") || undefined);
    },
  };
}

/** What the fleet's day came to, in three figures. */
function figures(app: App): View {
  const words = w().rounds;
  const tile = (label: string) => {
    const value = h("dd");
    const more = h("dd", { class: "sub" });
    return { node: h("div", {}, h("dt", { text: label }), value, more), value, more };
  };
  const driven = tile(words.distance);
  const stood = tile(words.unexplained);
  const rides = tile(words.ritase);
  const node = h("dl", { class: "figures" }, driven.node, stood.node, rides.node);
  const note = h("p", { class: "note" });
  return {
    node: h("div", {}, node, note),
    render(): void {
      const { value, state } = app.rounds.totals;
      text(note, words.failed);
      show(note, state === "failed");
      attr(node, "data-busy", state === "busy" && value === undefined);
      text(driven.value, value ? metres(value.distance_m) : "—");
      text(driven.more, value && value.gap_m >= 100 ? words.gap(metres(value.gap_m)) : "");
      text(stood.value, value ? duration(value.stop_s["unexplained"] ?? 0) : "—");
      text(stood.more, value ? words.stops(value.stops["unexplained"] ?? 0) : "");
      text(rides.value, value ? String(value.ritase) : "—");
    },
  };
}
