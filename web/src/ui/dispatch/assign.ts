/** A place by hand: anybody who is on duty, the nearest first; whoever is typed otherwise. */
import type { App } from "../../app.ts";
import { stand } from "../../dispatch/scene.ts";
import type { Incident, Volunteer } from "../../dispatch/types.ts";
import { duration } from "../../time.ts";
import { w } from "../../words/index.ts";
import { KeyedList, h, show, text, type Row } from "../dom.ts";
import type { View } from "../topbar.ts";
import { roleName } from "./crew.ts";

const MOST = 12;

interface Pick {
  who: Volunteer;
  eta_s: number | undefined;
}

export function assignView(app: App): View {
  const words = w().dispatch;
  const field = h("input", { attrs: { type: "search", placeholder: words.addSearch, "aria-label": words.addSearch, autocomplete: "off" }, on: { input: () => app.set(() => {}) } });
  const role = h("select", { attrs: { "aria-label": words.asRole } });
  const list = new KeyedList<Pick>(h("ul", { class: "rows picks" }), ({ who }) => who.id, (first) => pickRow(app, first, () => role.value));
  const none = h("p", { class: "note slim", text: words.addNone });
  const node = h("div", { class: "tray" }, h("p", { class: "sub", text: words.addLead }), h("div", { class: "acts" }, field, role), list.node, none);
  let roles = "";
  return {
    node,
    render(): void {
      const incident = app.dispatch.chosen();
      const open = incident !== undefined && app.dispatch.tray === "assign";
      if (open && node.hidden) setTimeout(() => field.focus());
      show(node, open);
      if (!open) return;
      const now = incident.needs.map((need) => need.role);
      if (now.join() !== roles) role.replaceChildren(...now.map((each) => h("option", { text: `${words.asRole} ${roleName(each) || "—"}`, attrs: { value: each } })));
      roles = now.join();
      show(role, now.length > 1);
      const picks = found(app, incident, field.value);
      list.render(picks);
      show(none, picks.length === 0);
    },
  };
}

/** Who is not with it yet: by the newest plan's times, then by name; on duty before the others. */
function found(app: App, incident: Incident, typed: string): Pick[] {
  const { people, scene } = app.dispatch;
  const with_ = new Set(scene.live(incident.id).filter((offer) => stand(offer) !== "asked" && stand(offer) !== "seen").map((offer) => offer.volunteer));
  const plan = scene.plans.get(incident.id);
  const times = new Map([...(plan?.chosen ?? []), ...(plan?.others ?? [])].map((each) => [people.holder(each.device) ?? "", each.eta_s]));
  const sought = typed.trim().toLocaleLowerCase();
  return people.known
    .filter((who) => !with_.has(who.id) && (!sought || [who.id, who.name ?? ""].some((each) => each.toLocaleLowerCase().includes(sought))))
    .map((who): Pick => ({ who, eta_s: times.get(who.id) }))
    .sort((a, b) => Number(b.who.on_duty ?? false) - Number(a.who.on_duty ?? false) || (a.eta_s ?? Infinity) - (b.eta_s ?? Infinity) || (a.who.name ?? a.who.id).localeCompare(b.who.name ?? b.who.id))
    .slice(0, MOST);
}

function pickRow(app: App, first: Pick, role: () => string): Row<Pick> {
  const words = w().dispatch;
  const { id } = first.who;
  const name = h("b");
  const what = h("span", { class: "what" });
  const send = (): void => void app.dispatch.act("assign", { person: id, ...(role() ? { role: role() } : {}) }).then((done) => done && app.dispatch.toggle("assign"));
  const give = h("button", { class: "do", text: words.give, attrs: { type: "button", "data-act": "assign" }, on: { click: send } });
  return {
    node: h("li", { class: "pick" }, h("span", { class: "row-main" }, name, what), give),
    update({ who, eta_s }): void {
      text(name, who.name || who.id);
      const ride = who.vehicle ? (words.vehicle[who.vehicle] ?? who.vehicle) : "";
      text(what, [who.on_duty ? words.onDuty : words.offDuty, eta_s === undefined ? "" : `± ${duration(eta_s)}`, ride, ...(who.skills ?? [])].filter(Boolean).join(" · "));
      give.disabled = app.dispatch.busy !== undefined;
    },
  };
}
