/** While you were away: alerts that were found out too late for anybody to act on. They are listed and make no sound. */
import type { App } from "../app.ts";
import type { Alert } from "../types.ts";
import { w } from "../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "./dom.ts";
import { ackButton } from "./ack.ts";
import type { View } from "./topbar.ts";

const MOST = 50;

export function awayBanner(app: App): View {
  const words = w().away;
  let open = false;
  const said = h("span", { class: "banner-what" });
  const toggle = h("button", { class: "plain", attrs: { type: "button" }, on: { click: () => app.set(() => (open = !open)) } });
  const rows = new KeyedList<Alert>(h("ul"), (alert) => alert.id, (alert) => awayRow(app, alert));
  const rest = h("p", { class: "note" });
  const node = h("section", { class: "away", attrs: { "aria-label": words.label } }, h("div", { class: "banner" }, said, toggle), rows.node, rest);
  return {
    node,
    render(): void {
      const alerts = app.away();
      show(node, alerts.length > 0);
      if (alerts.length === 0) open = false;
      text(said, words.title(alerts.length));
      text(toggle, open ? words.hide : w().show);
      attr(toggle, "aria-expanded", String(open));
      show(rows.node, open);
      rows.render(open ? alerts.slice(0, MOST) : []);
      text(rest, words.more(alerts.length - MOST));
      show(rest, open && alerts.length > MOST);
    },
  };
}

function awayRow(app: App, first: Alert): Row<Alert> {
  const who = h("b");
  const what = h("span", { class: "away-what" });
  const find = h("button", { class: "plain", text: w().show, attrs: { type: "button" }, on: { click: () => app.select(first.device, true) } });
  const ack = ackButton(app, () => first.id, w().away.seen);
  return {
    node: h("li", {}, who, what, find, ack.node),
    update(alert): void {
      text(who, alert.vehicle ?? app.nameOf(alert.device));
      const at = Date.parse(alert.raised);
      text(what, `${app.clock.dayMonth(at)} ${app.clock.minutes(at)} · ${app.cause(alert)}`);
      show(find, app.unit(alert.device) !== undefined);
      ack.render();
    },
  };
}
