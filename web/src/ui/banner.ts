/** What must not be overlooked: calls for help, a broken connection, stops that nobody has taken on, then what was missed. */
import type { App } from "../app.ts";
import { standing } from "../fleet.ts";
import { duration } from "../time.ts";
import { w } from "../words/index.ts";
import { h, show, text } from "./dom.ts";
import { icon } from "./icons.ts";
import { pauseBanner } from "./dispatch/banner.ts";
import { ackButton } from "./ack.ts";
import { awayBanner } from "./away.ts";
import { callBanner, type CallActions } from "./calls.ts";
import type { View } from "./topbar.ts";

export function banners(app: App, act: CallActions): View {
  const said = h("span");
  const retry = h("button", { class: "plain", text: w().connection.retryNow, attrs: { type: "button" }, on: { click: () => app.reconnect() } });
  const frozen = h("div", { class: "banner frozen", attrs: { role: "alert" } }, said, retry);
  const calls = callBanner(app, act);
  const alert = alertBanner(app);
  const away = awayBanner(app);
  const pause = pauseBanner(app);
  return {
    node: h("div", { class: "banners" }, calls.node, frozen, pause.node, alert.node, away.node),
    render(): void {
      show(frozen, app.link === "lost");
      const last = app.fleet.serverTime;
      text(said, last ? w().connection.frozen(app.clock.seconds(last)) : w().connection.never);
      calls.render();
      alert.render();
      away.render();
      pause.render();
    },
  };
}

function alertBanner(app: App): View {
  const what = h("span", { class: "banner-what" });
  const why = h("span", { class: "banner-why" });
  const others = h("button", { class: "banner-more", attrs: { type: "button" }, on: { click: () => app.set(() => { app.tab = "attention"; app.only = undefined; app.search = ""; }) } });
  const first = () => app.raised()[0];
  const show_ = h("button", { class: "plain", text: w().show, attrs: { type: "button" }, on: { click: () => { const alert = first(); if (alert) app.select(alert.device, true); } } });
  const ack = ackButton(app, () => first()?.id);
  const node = h("div", { class: "banner alert", attrs: { role: "alert", "aria-live": "assertive" } }, icon("alert", "alert"), what, why, others, show_, ack.node);
  let spoken = "";
  return {
    node,
    render(): void {
      const alert = first();
      show(node, alert !== undefined);
      if (!alert) return;
      const unit = app.unit(alert.device);
      const who = app.nameOf(alert.device);
      const where = unit ? app.where(unit) : "";
      const long = unit ? duration(standing(unit, app.now()).total) : "";
      const ruled = alert.kind === "rule";
      const said = ruled ? w().banner.rule(who, app.ruleName(alert), where) : w().banner.dwell(who, long, where);
      if (said !== spoken) text(what, (spoken = said));
      const since = w().banner.raised(app.clock.minutes(Date.parse(alert.raised)));
      const purpose = w().purpose[unit?.dwell?.purpose ?? "unexplained"];
      text(why, [alert.level > 1 ? w().banner.level(alert.level) : "", ruled ? since : purpose].filter(Boolean).join(" · "));
      const rest = app.raised().length - 1;
      text(others, w().banner.more(rest));
      show(others, rest > 0);
      ack.render();
    },
  };
}
