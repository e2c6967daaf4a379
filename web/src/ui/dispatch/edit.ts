/** Corrections of an incident: a form that holds for the version it was opened with; a conflict keeps what was typed. */
import type { App } from "../../app.ts";
import type { Incident, Need } from "../../dispatch/types.ts";
import { LOOK } from "../../dispatch/scene.ts";
import { w } from "../../words/index.ts";
import { h, show } from "../dom.ts";
import type { View } from "../topbar.ts";
import { kindSelect, needsFields, severityField } from "./fields.ts";

export function editView(app: App): View {
  const node = h("div", { class: "edit-place" });
  const forms = new Map<string, Form>(); // until they are saved or given up, whatever else is looked at meanwhile
  return {
    node,
    render(): void {
      const incident = app.dispatch.chosen();
      const open = incident !== undefined && app.dispatch.tray === "edit";
      show(node, open);
      if (!open) return;
      const form = forms.get(incident.id) ?? editForm(app, incident, () => void forms.delete(incident.id));
      forms.set(incident.id, form);
      if (form.node.parentNode !== node) node.replaceChildren(form.node);
      form.render();
    },
  };
}

type Form = { node: HTMLFormElement; render(): void };

function editForm(app: App, seen: Incident, gone: () => void): Form {
  const words = w().dispatch;
  let needs: Need[] = seen.needs.filter((need) => need.role !== LOOK);
  let changedNeeds = false;
  const kind = kindSelect(app, seen.kind);
  const severity = severityField(`edit-${seen.id}`, seen.severity);
  const address = h("input", { attrs: { type: "text", maxlength: 2000, value: seen.address ?? "", "aria-label": words.form.address } });
  const text = h("textarea", { attrs: { rows: 3, maxlength: 2000, "aria-label": words.form.text } });
  text.value = seen.text;
  const counts = needsFields(() => needs, (index, count) => {
    needs = needs.map((need, i) => (i === index ? { ...need, count } : need));
    changedNeeds = true;
  });
  const save = h("button", { class: "go", text: words.form.save, attrs: { type: "submit" } });
  const cancel = h("button", { class: "do quiet", text: words.form.cancel, attrs: { type: "button" }, on: { click: () => end() } });
  const end = (): void => {
    gone();
    if (app.dispatch.tray === "edit") app.dispatch.toggle("edit");
  };
  const body = (): object => ({
    ...(kind.value !== seen.kind ? { kind: kind.value } : {}),
    ...(severity.value() !== seen.severity ? { severity: severity.value() } : {}),
    ...(address.value.trim() !== (seen.address ?? "") ? { address: address.value.trim() || null } : {}),
    ...(text.value.trim() !== seen.text ? { text: text.value.trim() } : {}),
    ...(changedNeeds ? { needs: needs.filter((need) => need.count > 0) } : {}),
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    if (Object.keys(body()).length) void app.dispatch.edit(seen, body(), end);
    else end();
  };
  const label = (title: string, field: HTMLElement): HTMLElement => h("label", {}, h("span", { text: title }), field);
  const node = h("form", { class: "tray incident-form", on: { submit } }, label(words.form.kind, kind), severity.node, label(words.form.address, address), label(words.form.text, text), counts.node, h("div", { class: "acts" }, save, cancel));
  setTimeout(() => text.focus());
  return {
    node,
    render(): void {
      save.disabled = app.dispatch.busy !== undefined;
      counts.render();
    },
  };
}
