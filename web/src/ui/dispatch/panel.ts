/** The incidents: who is on duty, what is open, most urgent first, and what has ended. */
import type { App } from "../../app.ts";
import { ended } from "../../dispatch/scene.ts";
import type { Incident } from "../../dispatch/types.ts";
import { w } from "../../words/index.ts";
import { KeyedList, h, show, text, walk } from "../dom.ts";
import { Folded } from "../folded.ts";
import { icon } from "../icons.ts";
import type { View } from "../topbar.ts";
import { actButton } from "./button.ts";
import { card } from "./card.ts";

const ENDED_SHOWN = 3;

export function incidentPanel(app: App, act: { flood(): void }): View {
  const words = w().dispatch;
  const duty = h("p", { class: "duty", attrs: { role: "status" } });
  const make = h("button", { class: "go new", attrs: { type: "button" }, on: { click: () => app.dispatch.startNew() } }, icon("plus", "plain"), h("span", { text: words.new }));
  const pause = actButton(app, { act: "city_pause", about: () => "city", label: words.pauseCity, run: () => app.dispatch.pauseCity(true), class: "do quiet" });
  const flood = h("button", { class: "flood", attrs: { type: "button" }, on: { click: act.flood } }, icon("water", "plain"), h("span", { text: words.flood }));
  const failed = h("p", { class: "note bad", text: words.failed, attrs: { role: "alert" } });
  const list = new KeyedList<Incident>(h("ul", { class: "rows cards" }), (each) => each.id, (each) => card(app, each));
  const past = new Folded<Incident>(ENDED_SHOWN, h("ul", { class: "rows cards" }), (each) => each.id, (each) => card(app, each));
  const over = h("section", {}, h("div", { class: "band" }, h("h2", { text: words.ended })), past.node);
  const none = h("p", { class: "note" });
  const node = h("div", { class: "list incidents" }, h("div", { class: "incident-tools" }, duty, make, pause.node, flood), failed, list.node, none, over);
  node.addEventListener("keydown", (event) => walk(node, event));
  return {
    node,
    render(): void {
      const { onDuty, registered } = app.dispatch.people;
      text(duty, onDuty === undefined || registered === undefined ? words.dutyUnknown : words.duty(onDuty, registered));
      show(duty, app.may("people.read"));
      show(make, app.may("incident.open"));
      show(pause.node, app.may("incident.write") && app.dispatch.paused !== true);
      pause.render();
      show(flood, app.me.demo && app.may("incident.open"));
      flood.disabled = app.dispatch.busy !== undefined;
      show(failed, app.dispatch.failed);
      const found = app.dispatch.listed((each) => app.bears(each));
      const open = found.filter((each) => !ended(each));
      list.render(open);
      const gone = found.filter(ended);
      past.render(gone);
      show(over, gone.length > 0);
      text(none, app.search ? words.noneSuch : words.none);
      show(none, open.length === 0);
    },
  };
}
