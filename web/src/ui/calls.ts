/** Calls for help: on top of everything, until a person takes each one. */
import type { App } from "../app.ts";
import type { Call } from "../calls.ts";
import type { Siren } from "../siren.ts";
import { duration } from "../time.ts";
import { w } from "../words/index.ts";
import { KeyedList, h, show, text, type Row } from "./dom.ts";
import { icon } from "./icons.ts";
import { ackButton } from "./ack.ts";
import type { View } from "./topbar.ts";

export interface CallActions {
  showPoint(lon: number, lat: number): void;
  siren: Siren;
}

/** The newest; the others are a click away. A phone keeps room for the map. */
const mostRows = (): number => (matchMedia("(max-width: 760px)").matches ? 1 : 3);

export function callBanner(app: App, act: CallActions): View {
  const words = w().sos;
  const rows = new KeyedList<Call>(h("ul"), (call) => call.id, (call) => callRow(app, act, call.id));
  let all = false; // a device that was never on the map has no row elsewhere
  const more = h("button", { class: "banner-more", attrs: { type: "button" }, on: { click: () => app.set(() => (all = !all)) } });
  const sound = soundButton(app, act.siren);
  const node = h("div", { class: "sos", attrs: { role: "alert", "aria-live": "assertive", "aria-label": words.label } }, rows.node, h("div", { class: "sos-foot" }, more, sound.node));
  return {
    node,
    render(): void {
      const calls = app.calls();
      show(node, calls.length > 0);
      const most = mostRows();
      rows.render(all ? calls : calls.slice(0, most));
      const rest = calls.length - most;
      text(more, all ? words.fewer : words.more(rest));
      show(more, rest > 0);
      if (rest <= 0) all = false;
      sound.render();
    },
  };
}

function callRow(app: App, act: CallActions, id: string): Row<Call> {
  let shown: Call | undefined;
  const who = h("strong", { class: "sos-who" });
  const where = h("span", { class: "sos-where" });
  const age = h("span", { class: "sos-age", attrs: { "aria-live": "off" } });
  const look = (): void => {
    if (!shown) return;
    app.asking.open = false; // what covers the map can wait
    const unit = app.unit(shown.device);
    if (unit) app.select(shown.device, true);
    else act.showPoint(shown.lon, shown.lat);
  };
  const find = h("button", { class: "plain", text: w().show, attrs: { type: "button" }, on: { click: look } });
  const ack = ackButton(app, () => (shown ? id : undefined));
  return {
    node: h("li", {}, icon("alert", "sos"), h("span", { class: "sos-text" }, h("b", { text: w().sos.title }), who, where, age), find, ack.node),
    update(call): void {
      shown = call;
      const unit = app.unit(call.device);
      text(who, app.nameOf(call.device));
      text(where, unit ? app.where(unit) : "");
      show(where, where.textContent !== "");
      const seconds = Math.max(0, (app.now() - call.at) / 1000);
      text(age, w().sos.pressed(app.clock.minutes(call.at), duration(seconds)));
      ack.render();
    },
  };
}

/** Rings for what is new; says when the browser lets it make no sound yet. */
function soundButton(app: App, siren: Siren): View {
  let audible = false; // as the button said it: the click itself lets sound in
  const click = (): void => {
    siren.unlock();
    app.set(() => audible && app.heard.hush(app.calls()));
  };
  const node = h("button", { class: "plain", attrs: { type: "button" }, on: { click } });
  return {
    node,
    render(): void {
      const rings = app.heard.rings(app.calls());
      siren.ring(rings);
      audible = siren.ready;
      text(node, audible ? w().sos.hush : w().sos.unlock);
      show(node, rings);
    },
  };
}
