/** What was not done, and why: somebody else was faster, or things do not allow it. Nothing that was typed is lost. */
import type { App } from "../../app.ts";
import type { Refusal } from "../../dispatch/dispatching.ts";
import type { Incident } from "../../dispatch/types.ts";
import type { Told } from "../../dispatch/scene.ts";
import { w } from "../../words/index.ts";
import { h, show, text } from "../dom.ts";
import type { View } from "../topbar.ts";

/** `about`: the incident that this stands beside; empty: whatever is of the whole city, or of a new one. */
export function refusalView(app: App, about: () => string): View {
  const words = w().dispatch.refusal;
  const title = h("b");
  const why = h("p");
  const list = h("ul");
  const again = h("button", { class: "do", attrs: { type: "button" }, on: { click: () => app.dispatch.refusal?.again?.() } });
  const close = h("button", { class: "do quiet", text: words.close, attrs: { type: "button" }, on: { click: () => app.dispatch.dismissRefusal() } });
  const node = h("div", { class: "refusal", attrs: { role: "alert" } }, title, why, list, h("div", { class: "acts" }, again, close));
  let shown: Refusal | undefined;
  let told = "";
  return {
    node,
    render(): void {
      const { refusal } = app.dispatch;
      const here = refusal !== undefined && refusal.incident === about();
      show(node, here);
      if (!here) return;
      const act = w().dispatch.act[refusal.act] ?? refusal.act;
      text(title, words.not(act));
      text(why, refusal.before ? overtaker(refusal) : inWords(refusal.said));
      const now = app.dispatch.scene.incidents.get(refusal.incident);
      const key = `${refusal.changed.join()}${now?.revision}${w().lang}`;
      if (shown !== refusal || key !== told) list.replaceChildren(...lines(app, refusal, now));
      [shown, told] = [refusal, key];
      show(list, list.childElementCount > 0);
      text(again, refusal.before ? words.again(act) : words.retry);
      show(again, refusal.again !== undefined);
    },
  };
}

function overtaker(refusal: Refusal): string {
  const words = w().dispatch.refusal;
  return refusal.who.length ? words.overtaken(refusal.who.join(", ")) : words.engine;
}

function lines(app: App, refusal: Refusal, now: Incident | undefined): HTMLElement[] {
  const words = w().dispatch.refusal;
  const { before, changed } = refusal;
  if (!before || !now) return [];
  if (!changed.length) return [h("li", { text: words.nothing })];
  return changed.map((name) => h("li", {}, h("span", { class: "sub", text: words.field[name] }), ` ${value(app, before, name)} → `, h("b", { text: value(app, now, name) })));
}

function value(app: App, incident: Incident, name: Told): string {
  switch (name) {
    case "status":
      return w().incidentStatus[incident.status] ?? incident.status;
    case "severity":
      return w().severity[incident.severity] ?? String(incident.severity);
    case "kind":
      return app.kindName(incident.kind);
    case "area":
      return app.areaName(incident.area) || "—";
    case "place":
      return `${incident.lat.toFixed(4)}, ${incident.lon.toFixed(4)}`;
    case "needs":
      return incident.needs.map((need) => `${need.count} ${need.role}`).join(", ") || "—";
    case "exercise":
    case "paused":
      return incident[name] ? w().dispatch.refusal.field[name] : "—";
    case "hazard":
      return incident.hazard ? incident.hazard_info?.label || "✓" : "—";
    case "excluded":
    case "verified_by":
      return incident[name].map((id) => app.dispatch.people.name(id)).join(", ") || "—";
    default:
      return incident[name] || "—";
  }
}

/** The server's reason in the reader's language where it is known, else as it came. */
export function inWords(said: string): string {
  const words = w().dispatch.refusal;
  if (said === "unreachable") return words.unreachable;
  return words.said.find(([pattern]) => pattern.test(said))?.[1] ?? said;
}
