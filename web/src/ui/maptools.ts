/** What floats over the map: zoom, the whole fleet, the key to the symbols. */
import type { App } from "../app.ts";
import { GLYPHS } from "../map/incidents.ts";
import { w } from "../words/index.ts";
import { attr, h } from "./dom.ts";
import { icon } from "./icons.ts";
import type { View } from "./topbar.ts";

interface Actions {
  zoom(by: number): void;
  fit(): void;
}

export function mapTools(app: App, act: Actions): View {
  const words = w().map;
  const tool = (glyph: string, title: string, click: () => void): HTMLElement =>
    h("button", { title, attrs: { type: "button", "aria-label": title }, on: { click } }, icon(glyph, "plain"));
  const people = h("button", { class: "people", attrs: { type: "button" }, on: { click: () => app.set(() => (app.showPeople = !app.showPeople)) } }, icon("person", "people"), h("span", { text: app.word("volunteer", words.volunteer) }));
  const node = h(
    "div",
    { class: "tools" },
    h("div", { class: "tool-group" }, tool("plus", words.zoomIn, () => act.zoom(1)), tool("minus", words.zoomOut, () => act.zoom(-1)), tool("fit", `${words.fit} (F)`, act.fit)),
    h("div", { class: "tool-group" }, people),
    legend(app),
  );
  return {
    node,
    render(): void {
      attr(people, "aria-pressed", String(app.showPeople));
      attr(people, "title", w().showPeople);
    },
  };
}

/** The signs above those who were asked, as on the map. */
const HELPERS = Object.entries(GLYPHS).filter(([how]) => how !== "over");

function legend(app: App): HTMLElement {
  const words = w();
  const line = (name: string, tone: string, said: string, hint: string): HTMLElement => h("li", { title: hint }, icon(name, tone), said);
  return h(
    "details",
    { class: "legend" },
    h("summary", { text: words.map.legend }),
    h(
      "ul",
      {},
      line("alert", "alert", words.state.alert, words.stateHint.alert),
      line("silent", "silent", words.state.silent, words.stateHint.silent),
      line("stopped", "stopped", words.state.stopped, words.stateHint.stopped),
      line("moving", "moving", words.state.moving, words.stateHint.moving),
      line("person", "people", app.word("volunteer", words.map.volunteer), ""),
      ...HELPERS.map(([how, glyph]) => h("li", {}, h("b", { class: `glyph tone-stand-${how}`, text: glyph }), words.dispatch.legend[how] ?? how)),
      h("li", { class: "fine", text: words.map.hollow }),
      h("li", { class: "fine", text: words.map.heading }),
    ),
  );
}
