/** Incidents, whom the engine chose for them, and by which figures. */
import type { App } from "../app.ts";
import { duration, metres } from "../time.ts";
import type { Candidate, Incident } from "../types.ts";
import { w } from "../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "./dom.ts";
import { icon } from "./icons.ts";
import type { View } from "./topbar.ts";

const OLD_S = 600; // a position as old as this says little about where somebody is

interface Actions {
  flood(): void;
  show(lon: number, lat: number): void;
}

export function incidentPanel(app: App, act: Actions): View {
  const words = w().incidents;
  const button = h("button", { class: "flood", attrs: { type: "button" }, on: { click: act.flood } }, icon("water", "plain"), h("span"));
  const failed = h("p", { class: "note bad", text: words.floodFailed });
  const none = h("p", { class: "note", text: words.none });
  const list = new KeyedList<Incident>(h("ul", { class: "rows cards" }), (each) => each.id, () => card(app, act));
  return {
    node: h("div", { class: "list incidents" }, h("div", { class: "panel-tools" }, button, failed), list.node, none),
    render(): void {
      show(button, app.me.demo && app.may("incident.open"));
      button.disabled = app.flooding === "busy";
      const label = button.querySelector("span");
      if (label) text(label, app.flooding === "busy" ? words.floodBusy : words.flood);
      show(failed, app.flooding === "failed");
      const newest = [...app.lists.incidents].sort((a, b) => b.opened.localeCompare(a.opened));
      list.render(newest);
      show(none, newest.length === 0);
    },
  };
}

function card(app: App, act: Actions): Row<Incident> {
  const words = w().incidents;
  let shown: Incident | undefined;
  const title = h("b");
  const status = h("span", { class: "tag" });
  const meta = h("span", { class: "what" });
  const said = h("p", { class: "said" });
  const people = new KeyedList<Candidate>(h("ul", { class: "people" }), (who) => who.device, (who) => person(app, who));
  const chosen = h("h3", { text: words.chosen });
  const why = h("p", { class: "why" });
  const open = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => shown && act.show(shown.lon, shown.lat) } },
    h("span", { class: "row-main" }, h("span", { class: "row-title" }, title, status), meta));
  return {
    node: h("li", { class: "card" }, open, said, chosen, people.node, why),
    update(incident): void {
      shown = incident;
      const kind = w().incidentKind[incident.kind] ?? incident.kind;
      text(title, incident.exercise ? `${kind} · ${words.exercise}` : kind);
      text(status, w().incidentStatus[incident.status] ?? incident.status);
      const age = w().ago(duration((app.now() - Date.parse(incident.opened)) / 1000));
      const severity = `${words.severity} ${w().severity[incident.severity] ?? incident.severity}`;
      text(meta, [app.areaName(incident.area), severity, age].filter(Boolean).join(" · "));
      text(said, incident.text);
      const plan = app.lists.plans.get(incident.id);
      people.render(plan?.chosen ?? []);
      text(chosen, !plan ? words.choosing : plan.chosen.length ? words.chosen : words.noneChosen);
      text(why, plan ? `${words.whyText} ${plan.others.length ? words.others(plan.others.length) + "." : ""}` : "");
      attr(why, "title", plan?.method);
    },
  };
}

function person(app: App, first: Candidate): Row<Candidate> {
  const eta = h("span", { class: "long", title: w().incidents.etaHint });
  const what = h("span", { class: "what" });
  const title = h("b");
  const row = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => app.select(first.device, true) } },
    h("span", { class: "row-icon" }, icon("person", "people")), h("span", { class: "row-main" }, title, what), eta);
  return {
    node: h("li", { class: "unit" }, row),
    update(who): void {
      text(title, app.nameOf(who.device));
      text(what, `${metres(who.distance_m)} · ${w().incidents.positionAge(duration(who.position_age_s))}`);
      attr(what, "data-old", who.position_age_s > OLD_S);
      text(eta, w().incidents.eta(duration(who.eta_s)));
    },
  };
}
