/** What is known of an incident: who reported it, where, what it needs and how much of that is filled. */
import type { App } from "../../app.ts";
import { stand } from "../../dispatch/scene.ts";
import type { Incident, Need } from "../../dispatch/types.ts";
import { w } from "../../words/index.ts";
import { KeyedList, h, show, text, type Row } from "../dom.ts";
import type { View } from "../topbar.ts";
import { roleName } from "./crew.ts";

export function factsView(app: App): View {
  const words = w().dispatch;
  const said = h("p", { class: "said" });
  const doubt = h("p", { class: "doubt", attrs: { role: "note" } });
  const names = [words.reportedBy, words.opened, words.address, words.verifiedBy];
  const cells = names.map(() => h("dd"));
  const lines = names.map((name, i) => h("div", {}, h("dt", { text: name }), cells[i] ?? ""));
  const danger = h("p", { class: "hazard-line" });
  const thanks = h("p", { class: "sub attribution", text: words.attribution });
  const needs = new KeyedList<Need>(h("ul", { class: "needs" }), (need) => need.role, () => needRow(app));
  const needTitle = h("div", { class: "band" }, h("h2", { text: words.needs }));
  const node = h("section", { class: "incident-facts" }, doubt, said, h("dl", { class: "facts" }, ...lines), danger, thanks, needTitle, needs.node);
  return {
    node,
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      text(said, incident.text);
      show(said, incident.text !== "");
      text(doubt, words.doubt[incident.placed] ?? "");
      show(doubt, doubt.textContent !== "");
      facts(app, incident).forEach((value, i) => {
        const [cell, line] = [cells[i], lines[i]];
        if (cell) text(cell, value);
        if (line) show(line, value !== "");
      });
      const about = incident.hazard_info;
      text(danger, about ? words.hazard(about.label, about.depth_cm === null ? "" : words.depth(Math.round(about.depth_cm), about.assumed)) : "");
      show(danger, about !== null && about !== undefined);
      show(thanks, incident.source === "cap");
      needs.render(incident.needs);
      show(needTitle, incident.needs.length > 0);
    },
  };
}

function facts(app: App, incident: Incident): string[] {
  const words = w().dispatch;
  const opened = Date.parse(incident.opened);
  const source = words.source[incident.source] ?? incident.source;
  return [
    [source, incident.reports > 1 ? words.reports(incident.reports) : ""].filter(Boolean).join(" · "),
    `${app.clock.dayMonth(opened)} ${app.clock.minutes(opened)}`,
    incident.address ?? "",
    incident.verified_by.map((id) => app.dispatch.people.name(id)).join(", "),
  ];
}

/** "Evakuasi 2/4 · motor · p3k". */
function needRow(app: App): Row<Need> {
  const role = h("b");
  const filled = h("span", { class: "long" });
  const what = h("span", { class: "what" });
  return {
    node: h("li", {}, role, what, filled),
    update(need): void {
      const words = w().dispatch;
      const incident = app.dispatch.chosen();
      const there = incident ? app.dispatch.scene.live(incident.id).filter((offer) => offer.role === need.role && ["promised", "coming", "there"].includes(stand(offer))) : [];
      text(role, roleName(need.role) || words.people);
      text(what, [need.vehicle ? (words.vehicle[need.vehicle] ?? need.vehicle) : "", ...need.skills.filter((skill) => skill !== need.role)].filter(Boolean).join(" · "));
      text(filled, `${there.length}/${need.count}`);
    },
  };
}
