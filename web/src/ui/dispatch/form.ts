/** A new incident: what, where, how bad, what it needs. What was typed stays until the server has it. */
import type { App } from "../../app.ts";
import { w } from "../../words/index.ts";
import { h, show, text } from "../dom.ts";
import { icon } from "../icons.ts";
import type { View } from "../topbar.ts";
import { kindSelect, needsFields, severityField } from "./fields.ts";
import { refusalView } from "./refusal.ts";

export function newForm(app: App): View {
  const words = w().dispatch.form;
  const { draft } = app.dispatch;
  const kinds = app.boot.city.hazards;
  const kind = kindSelect(app, draft.kind);
  kind.addEventListener("change", () => app.set(() => draft.choose(kind.value)));
  const severity = severityField("new", draft.severity);
  severity.node.addEventListener("change", () => void (draft.severity = severity.value()));
  const where = whereField(app);
  const typed = (name: "address" | "text", field: HTMLInputElement | HTMLTextAreaElement) => {
    field.value = draft[name];
    field.addEventListener("input", () => void (draft[name] = field.value));
    return field;
  };
  const address = typed("address", h("input", { attrs: { type: "text", name: "address", maxlength: 2000, autocomplete: "off" } }));
  const said = typed("text", h("textarea", { attrs: { name: "text", rows: 2, maxlength: 2000 } }));
  const needs = needsFields(() => draft.wanted(kinds), (index, count) => draft.count(kinds, index, count));
  const drill = h("input", { attrs: { type: "checkbox", name: "exercise" }, on: { change: () => app.set(() => (draft.exercise = drill.checked)) } });
  const drillBanner = h("p", { class: "drill-banner", text: w().dispatch.exerciseLong });
  const report = h("button", { class: "do", text: words.report, attrs: { type: "submit" } });
  const dispatch = h("button", { class: "go", text: words.dispatch, attrs: { type: "button", "data-act": "submit-dispatch" }, on: { click: () => void app.dispatch.submit(true) } });
  const missing = h("p", { class: "sub", text: words.missing });
  const refusal = refusalView(app, () => "");
  const label = (title: string, field: HTMLElement): HTMLElement => h("label", {}, h("span", { text: title }), field);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (draft.ready) void app.dispatch.submit(false);
  };
  const form = h("form", { class: "incident-form detail-body", on: { submit } },
    refusal.node, label(words.kind, kind), where.node, severity.node, label(words.address, address), label(words.text, said), needs.node,
    h("label", { class: "drill-check" }, drill, h("b", { text: words.exercise })), missing, h("div", { class: "acts" }, dispatch, report));
  const close = h("button", { class: "ghost", title: w().detail.close, attrs: { type: "button", "aria-label": w().detail.close }, on: { click: () => app.dispatch.choose(undefined) } }, icon("close", "plain"));
  return {
    node: h("div", { class: "detail-whole" }, h("div", { class: "detail-head" }, h("div", { class: "titles" }, h("h2", { text: words.title })), close), drillBanner, form),
    render(): void {
      for (const part of [refusal, where, needs]) part.render();
      if (kind.value !== draft.kind) kind.value = draft.kind;
      if (severity.value() !== draft.severity) severity.set(draft.severity);
      for (const [field, value] of [[address, draft.address], [said, draft.text]] as const) if (field.value !== value) field.value = value;
      drill.checked = draft.exercise;
      show(drillBanner, draft.exercise);
      show(missing, !draft.ready);
      show(dispatch, app.may("incident.write"));
      dispatch.disabled = report.disabled = !draft.ready || app.dispatch.busy !== undefined;
    },
  };
}

/** A click on the map, or a kelurahan's middle. */
function whereField(app: App): View {
  const words = w().dispatch.form;
  const { draft } = app.dispatch;
  const click = h("button", { class: "do", attrs: { type: "button", "data-act": "place" }, on: { click: () => app.set(() => (app.dispatch.placing = app.dispatch.placing ? undefined : "new")) } });
  const area = h("select", { attrs: { "aria-label": words.orArea, name: "area" }, on: { change: () => {
    const at = app.areaPoints.get(area.value);
    if (at) app.set(() => draft.put(...at, area.value));
    app.dispatch.placing = undefined;
  } } });
  const put = h("p", { class: "sub", attrs: { role: "status" } });
  let known = -1;
  return {
    node: h("div", { class: "field-group" }, h("span", { class: "legend-line", text: words.where }), h("div", { class: "acts" }, click, area), put),
    render(): void {
      const all = [...app.areaPoints.keys()].sort((a, b) => app.areaName(a).localeCompare(app.areaName(b)));
      if (all.length !== known) area.replaceChildren(h("option", { text: `${words.orArea}: ${words.noArea}`, attrs: { value: "" } }), ...all.map((id) => h("option", { text: app.areaName(id), attrs: { value: id } })));
      known = all.length;
      if (area.value !== draft.area) area.value = draft.area;
      const placing = app.dispatch.placing === "new";
      text(click, placing ? words.clicking : words.click);
      click.setAttribute("aria-pressed", String(placing));
      const [lon, lat] = draft.place ?? [];
      text(put, lon === undefined || lat === undefined ? "" : `${lat.toFixed(5)}, ${lon.toFixed(5)}${draft.area ? ` · ${words.middle}` : ""}`);
    },
  };
}
