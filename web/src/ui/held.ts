/** Devices that speak and that nobody has registered: their fixes wait a day for somebody to take them in. */
import type { App } from "../app.ts";
import { duration } from "../time.ts";
import type { Held } from "../types.ts";
import { w } from "../words/index.ts";
import { KeyedList, coversMap, h, show, text, type Row } from "./dom.ts";
import type { View } from "./topbar.ts";

interface Actions {
  showPoint(lon: number, lat: number): void;
}

export function heldList(app: App, act: Actions): View {
  const words = w().held;
  const count = h("span", { class: "count" });
  const note = h("p", { class: "sub" });
  const list = new KeyedList<Held>(h("ul", { class: "rows held" }), (each) => each.device, (each) => heldRow(app, act, each.device));
  const vehicles = h("datalist", { attrs: { id: "held-vehicles" } });
  const node = h("div", {}, h("div", { class: "band" }, h("h2", { text: words.title }), count), note, list.node, vehicles);
  return {
    node,
    render(): void {
      const { held, heldFailed } = app.asking;
      text(count, held.length ? String(held.length) : "");
      text(note, heldFailed ? words.failed : held.length ? words.lead : words.none);
      list.render(held);
      if (vehicles.childElementCount === app.vehicles.size) return;
      vehicles.replaceChildren(...[...app.vehicles.values()].map((each) => h("option", { text: each.plate ?? "", attrs: { value: each.id } })));
    },
  };
}

function heldRow(app: App, act: Actions, device: string): Row<Held> {
  const words = w().held;
  let shown: Held | undefined;
  const look = ({ lon, lat }: Held): void => {
    if (coversMap()) app.set(() => (app.asking.open = false)); // it covers the map there
    act.showPoint(lon, lat);
  };
  const what = h("span", { class: "what" });
  const form = adoptForm(app, device);
  const find = h("button", { class: "ghost-text", text: w().show, attrs: { type: "button" }, on: { click: () => shown && look(shown) } });
  const adopt = h("button", { class: "ghost-text strong", text: words.adopt, attrs: { type: "button" }, on: { click: () => { form.node.hidden = !form.node.hidden; if (!form.node.hidden) form.node.querySelector("input")?.focus(); } } });
  const head = h("div", { class: "held-head" }, h("span", { class: "row-main" }, h("b", { text: device }), what), find, adopt);
  form.node.hidden = true;
  return {
    node: h("li", {}, head, form.node),
    update(held): void {
      shown = held;
      const age = w().ago(duration((app.now() - Date.parse(held.last)) / 1000));
      text(what, [held.dialect, words.fixes(held.fixes), age].join(" · "));
      show(adopt, app.may("registry.write"));
      form.render();
    },
  };
}

function adoptForm(app: App, device: string): View {
  const words = w().held;
  const kind = h("select", { attrs: { name: "class" } }, ...(["truck", "phone"] as const).map((each) => h("option", { text: words.classes[each], attrs: { value: each } })));
  const name = h("input", { attrs: { name: "name", type: "text", autocomplete: "off", maxlength: 100 } });
  const vehicle = h("input", { attrs: { name: "vehicle", type: "text", autocomplete: "off", list: "held-vehicles" } });
  const go = h("button", { class: "go", text: words.go, attrs: { type: "submit" } });
  const failed = h("p", { class: "note bad", attrs: { role: "alert" } });
  const submit = (event: Event): void => {
    event.preventDefault();
    const joined = vehicle.value.trim();
    void app.asking.adopt(device, { class: kind.value, name: name.value.trim(), ...(joined ? { vehicle: joined } : {}) });
  };
  const label = (said: string, field: HTMLElement): HTMLElement => h("label", {}, h("span", { text: said }), field);
  const node = h("form", { class: "adopt", on: { submit } }, label(words.class, kind), label(words.name, name), label(words.vehicle, vehicle), go, failed);
  return {
    node,
    render(): void {
      go.disabled = app.asking.adopting !== undefined;
      const mine = app.asking.adoptFailed !== undefined && app.asking.adoptOf === device;
      text(failed, mine ? `${words.adoptFailed} ${app.asking.adoptFailed}` : "");
      show(failed, mine);
    },
  };
}
