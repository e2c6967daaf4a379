/** One incident in the list: what, where, how bad, how old, and how it stands with its people. */
import type { App } from "../../app.ts";
import { ended } from "../../dispatch/scene.ts";
import type { Incident } from "../../dispatch/types.ts";
import { duration } from "../../time.ts";
import { w } from "../../words/index.ts";
import { attr, h, show, text, type Row } from "../dom.ts";
import { icon } from "../icons.ts";
import { chance, people, places } from "./figures.ts";

export function card(app: App, first: Incident): Row<Incident> {
  const sign = h("span", { class: "row-icon" });
  const title = h("b");
  const age = h("span", { class: "age" });
  const where = h("span", { class: "what" });
  const status = h("span", { class: "tag" });
  const drill = h("span", { class: "drill", text: w().dispatch.exercise });
  const source = h("span", { class: "tag source" });
  const paused = h("span", { class: "tag paused", text: w().dispatch.pausedHere });
  const alike = h("span", { class: "tag alike", text: w().dispatch.alike });
  const bar = h("span", { class: "places", attrs: { "aria-hidden": "true" } });
  const crew = h("span", { class: "crew" });
  const when = h("span", { class: "chance" });
  const row = h(
    "button", { class: "row incident", attrs: { type: "button" }, on: { click: () => app.dispatch.choose(first.id) } }, sign,
    h("span", { class: "row-main" }, h("span", { class: "row-title" }, title, drill, age), where,
      h("span", { class: "tags" }, status, paused, source, alike), bar, crew, when),
  );
  const node = h("li", { class: "card" }, row);
  return {
    node,
    update(incident): void {
      const words = w().dispatch;
      if (node.dataset["severity"] !== String(incident.severity)) sign.replaceChildren(icon(`severity-${incident.severity}`, "severity"));
      attr(node, "data-severity", incident.severity);
      attr(node, "data-incident", incident.id);
      attr(node, "data-exercise", incident.exercise);
      attr(node, "data-ended", ended(incident));
      attr(row, "aria-current", app.dispatch.open === incident.id ? "true" : undefined);
      text(title, app.kindName(incident.kind));
      show(drill, incident.exercise);
      text(age, duration((app.now() - Date.parse(incident.opened)) / 1000));
      const severity = `${words.severity} ${w().severity[incident.severity] ?? incident.severity}`;
      text(where, [app.areaName(incident.area) || incident.area, incident.address, severity].filter(Boolean).join(" · "));
      text(status, w().incidentStatus[incident.status] ?? incident.status);
      attr(status, "data-status", incident.status);
      show(paused, incident.paused && !ended(incident));
      text(source, [incident.source ? (words.source[incident.source] ?? incident.source) : "", incident.reports > 1 ? words.reports(incident.reports) : ""].filter(Boolean).join(" · "));
      show(source, source.textContent !== "");
      show(alike, app.dispatch.scene.alike(incident).length > 0);
      crewOf(incident);
    },
  };

  function crewOf(incident: Incident): void {
    const tally = app.dispatch.scene.tally(incident);
    const quiet = ended(incident) || (incident.status === "reported" && tally.asked + tally.promised === 0);
    const marks = quiet ? [] : places(tally);
    if (bar.dataset["marks"] !== marks.join()) bar.replaceChildren(...marks.map((mark) => h("i", { attrs: { "data-stand": mark } })));
    bar.dataset["marks"] = marks.join();
    show(bar, marks.length > 0);
    text(crew, quiet ? "" : people(tally));
    show(crew, !quiet);
    text(when, chance(app, incident));
    show(when, when.textContent !== "");
  }
}
