/** Fields that the forms of an incident share. */
import type { App } from "../../app.ts";
import type { Need } from "../../dispatch/types.ts";
import { w } from "../../words/index.ts";
import { KeyedList, attr, h, show, text } from "../dom.ts";
import type { View } from "../topbar.ts";
import { roleName } from "./crew.ts";

const MOST = 200;

/** The kinds that the city knows; one that it does not know stays what it is. */
export function kindSelect(app: App, chosen: string): HTMLSelectElement {
  const known = app.boot.city.hazards.length ? app.boot.city.hazards.map(({ kind, name }) => [kind, name] as const) : Object.entries(w().incidentKind);
  const all = chosen && !known.some(([kind]) => kind === chosen) ? [...known, [chosen, app.kindName(chosen)] as const] : known;
  const options = all.map(([kind, name]) => h("option", { text: name, attrs: { value: kind, selected: kind === chosen } }));
  const none = h("option", { text: w().dispatch.form.kindPick, attrs: { value: "", selected: chosen === "" } });
  return h("select", { attrs: { "aria-label": w().dispatch.form.kind, name: "kind" } }, chosen === "" && none, ...options);
}

export function severityField(name: string, chosen: number): { node: HTMLElement; value(): number; set(to: number): void } {
  const picks = [1, 2, 3].map((n) => h("input", { attrs: { type: "radio", name: `severity-${name}`, value: n, checked: n === chosen } }));
  const labels = picks.map((pick, i) => h("label", { attrs: { "data-severity": i + 1 } }, pick, h("span", { text: w().severity[i + 1] ?? "" })));
  return {
    node: h("fieldset", { class: "severity" }, h("legend", { text: w().dispatch.severity }), ...labels),
    value: () => picks.findIndex((pick) => pick.checked) + 1,
    set: (to) => picks.forEach((pick, i) => void (pick.checked = i + 1 === to)),
  };
}

/** How many of each role: what the kind usually needs, until somebody changes it. */
export function needsFields(needs: () => readonly Need[], change: (index: number, count: number) => void): View {
  const words = w().dispatch;
  const list = new KeyedList<{ need: Need; i: number }>(h("ul", { class: "needs-fields" }), ({ need }) => need.role, ({ i }) => {
    const name = h("span", { class: "row-main" });
    const count = h("input", { attrs: { type: "number", min: 0, max: MOST, inputmode: "numeric" }, on: { input: () => change(i, Math.min(MOST, Math.max(0, Math.floor(Number(count.value) || 0)))) } });
    return {
      node: h("li", {}, h("label", {}, name, count)),
      update({ need }): void {
        text(name, [roleName(need.role), need.vehicle ? words.vehicle[need.vehicle] : "", ...need.skills.filter((skill) => skill !== need.role)].filter(Boolean).join(" · "));
        attr(count, "aria-label", roleName(need.role));
        if (document.activeElement !== count && count.value !== String(need.count)) count.value = String(need.count);
      },
    };
  });
  const none = h("p", { class: "sub", text: words.form.noNeeds });
  return {
    node: h("div", { class: "field-group" }, h("span", { class: "legend-line", text: words.form.needs }), list.node, none),
    render(): void {
      list.render(needs().map((need, i) => ({ need, i })));
      show(none, needs().length === 0);
    },
  };
}
