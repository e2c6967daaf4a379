/** Incidents that may be the same: proposed, a person decides; and what was merged, which can be taken apart. */
import type { App } from "../../app.ts";
import type { Incident } from "../../dispatch/types.ts";
import { away } from "../../map/trail.ts";
import { duration, metres } from "../../time.ts";
import { w } from "../../words/index.ts";
import { KeyedList, h, show, text, type Row } from "../dom.ts";
import type { View } from "../topbar.ts";
import { actButton } from "./button.ts";

export function alikeView(app: App): View {
  const words = w().dispatch;
  const same = new KeyedList<Incident>(h("ul", { class: "rows" }), (each) => each.id, (each) => proposed(app, each));
  const merged = new KeyedList<Incident>(h("ul", { class: "rows" }), (each) => each.id, (each) => joined(app, each));
  const into = new KeyedList<Incident>(h("ul", { class: "rows" }), (each) => each.id, (each) => line(app, each.id));
  const part = (title: string, list: KeyedList<Incident>): HTMLElement => h("section", {}, h("div", { class: "band" }, h("h2", { text: title })), list.node);
  const parts = [part(words.alike, same), part(words.mergedHere, merged), part(words.mergedInto, into)] as const;
  return {
    node: h("div", { class: "alike-view" }, ...parts),
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      const { scene } = app.dispatch;
      const target = incident.merged_into === null ? undefined : scene.incidents.get(incident.merged_into);
      const rows = [app.dispatch.scene.alike(incident), scene.merged(incident), target ? [target] : []] as const;
      [same, merged, into].forEach((list, i) => list.render(rows[i] ?? []));
      parts.forEach((node, i) => show(node, (rows[i]?.length ?? 0) > 0));
    },
  };
}

function line(app: App, id: string, ...more: HTMLElement[]): Row<Incident> {
  const title = h("b");
  const what = h("span", { class: "what" });
  const open = h("button", { class: "row", attrs: { type: "button" }, on: { click: () => app.dispatch.choose(id) } }, h("span", { class: "row-main" }, title, what));
  return {
    node: h("li", { class: "unit alike" }, open, more.length > 0 && h("div", { class: "acts" }, ...more)),
    update(other): void {
      const here = app.dispatch.chosen();
      text(title, app.kindName(other.kind));
      const age = w().ago(duration((app.now() - Date.parse(other.opened)) / 1000));
      text(what, [here ? w().dispatch.fromHere(metres(away(here, other))) : "", age, other.text].filter(Boolean).join(" · "));
    },
  };
}

/** The chosen incident goes into the other one, or the proposal goes away for everybody. */
function proposed(app: App, first: Incident): Row<Incident> {
  const merge = actButton(app, { act: "merge", about: () => first.id, run: () => app.dispatch.act("merge", { into: first.id }) });
  const not = actButton(app, { act: "distinct", about: () => first.id, label: w().dispatch.notAlike, run: () => app.dispatch.act("distinct", { other: first.id }), class: "do quiet" });
  const row = line(app, first.id, merge.node, not.node);
  return {
    node: row.node,
    update(other): void {
      row.update(other);
      for (const button of [merge, not]) {
        show(button.node, app.may("incident.write"));
        button.render();
      }
    },
  };
}

function joined(app: App, first: Incident): Row<Incident> {
  const apart = actButton(app, { act: "unmerge", about: () => first.id, run: () => app.dispatch.act("unmerge", {}, first.id), class: "do quiet" });
  const row = line(app, first.id, apart.node);
  return {
    node: row.node,
    update(other): void {
      row.update(other);
      show(apart.node, app.may("incident.write"));
      apart.render();
    },
  };
}
