/** Alerts of rules: which rule, whose, since when, until somebody takes each one. */
import type { App } from "../app.ts";
import type { Alert } from "../types.ts";
import { w } from "../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "./dom.ts";
import { icon } from "./icons.ts";
import { ackButton } from "./ack.ts";
import type { View } from "./topbar.ts";

const MOST = 30;

/** Those that wait; of one device, which need not be named again. */
export function ruledAlerts(app: App, device?: () => string | undefined): View {
  const count = h("span", { class: "count" });
  const list = new KeyedList<Alert>(h("ul", { class: "rows" }), (alert) => alert.id, (alert) => ruledRow(app, alert, device === undefined));
  const node = h("section", { class: "ruled" }, h("div", { class: "band" }, h("h2", { text: w().ruled }), count), list.node);
  return {
    node,
    render(): void {
      const alerts = app.ruled(device?.());
      list.render(alerts.slice(0, MOST));
      text(count, String(alerts.length));
      show(node, alerts.length > 0);
    },
  };
}

function ruledRow(app: App, first: Alert, named: boolean): Row<Alert> {
  const title = h("b");
  const level = h("span", { class: "tag level" });
  const what = h("span", { class: "what" });
  const ack = ackButton(app, () => first.id);
  const row = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => app.select(first.device, true) } },
    h("span", { class: "row-icon" }, icon("alert", "alert")), h("span", { class: "row-main" }, h("span", { class: "row-title" }, title, level), what));
  return {
    node: h("li", { class: "unit", attrs: { "data-band": "alert" } }, row, ack.node),
    update(alert): void {
      const rule = app.ruleName(alert);
      const unit = app.unit(alert.device);
      const at = Date.parse(alert.raised);
      const since = w().banner.raised(app.clock.minutes(at));
      text(title, named ? (alert.vehicle ?? app.nameOf(alert.device)) : rule);
      text(level, w().banner.level(alert.level));
      show(level, alert.level > 1);
      text(what, [named ? rule : "", since, unit ? app.where(unit) : ""].filter(Boolean).join(" · "));
      attr(what, "title", what.textContent ?? "");
      ack.render();
    },
  };
}
