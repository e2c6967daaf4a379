/** Taking an alert on. */
import type { App } from "../app.ts";
import { w } from "../words/index.ts";
import { h, show, text } from "./dom.ts";
import type { View } from "./topbar.ts";

/** The button that takes an alert on; it is there only while there is one and the reader may. */
export function ackButton(app: App, alert: () => string | undefined, says = w().ack): View {
  const node = h("button", {
    class: "ack",
    attrs: { type: "button" },
    on: { click: () => { const id = alert(); if (id) void app.acknowledge(id); } },
  });
  return {
    node,
    render(): void {
      const id = alert();
      show(node, id !== undefined && app.may("alert.ack"));
      if (id === undefined) return;
      text(node, app.failedAcks.has(id) ? w().ackFailed : says);
      node.disabled = app.isAcking(id);
    },
  };
}
