/** One incident from near: what it is, what can be done, who was asked and why them. */
import type { App } from "../../app.ts";
import { acts, assignable, type Act } from "../../dispatch/moves.ts";
import { ended } from "../../dispatch/scene.ts";
import type { Incident } from "../../dispatch/types.ts";
import { duration } from "../../time.ts";
import { w } from "../../words/index.ts";
import { attr, h, show, text } from "../dom.ts";
import { icon } from "../icons.ts";
import type { View } from "../topbar.ts";
import { alikeView } from "./alike.ts";
import { assignView } from "./assign.ts";
import { actButton } from "./button.ts";
import { crewView, excludedView } from "./crew.ts";
import { editView } from "./edit.ts";
import { factsView } from "./facts.ts";
import { chance, people } from "./figures.ts";
import { newForm } from "./form.ts";
import { linksView } from "./links.ts";
import { photosView } from "./photos.ts";
import { refusalView } from "./refusal.ts";
import { whyPlan } from "./whyplan.ts";

const ALL: readonly Act[] = ["verify", "dispatch", "look", "wake", "pause", "resume", "close", "cancel", "reopen", "unmerge", "undo", "move", "edit"];

/** The place at the right: an incident's details, or the form of a new one. */
export function incidentDetail(app: App): View {
  const form = newForm(app);
  const detail = oneIncident(app);
  const node = h("aside", { class: "detail incident-detail", attrs: { "aria-label": w().dispatch.label, tabindex: -1 } }, form.node, detail.node);
  let was: string | undefined;
  return {
    node,
    render(): void {
      const { open, placing } = app.dispatch;
      const isNew = open === "new";
      const shown = isNew || app.dispatch.chosen() !== undefined;
      if (!shown && was !== undefined && node.contains(document.activeElement)) backTo(was);
      show(node, shown);
      attr(node, "data-placing", placing !== undefined);
      show(form.node, isNew);
      show(detail.node, !isNew);
      if (shown && open !== was && !node.contains(document.activeElement)) node.focus({ preventScroll: true });
      was = open;
      if (isNew) form.render();
      else if (shown) detail.render();
    },
  };
}

/** The keyboard goes on where it came from. */
function backTo(incident: string): void {
  document.querySelector<HTMLElement>(incident === "new" ? ".incident-tools .new" : `[data-incident="${CSS.escape(incident)}"] .row`)?.focus();
}

function oneIncident(app: App): View {
  const words = w().dispatch;
  const head = heading(app);
  const drill = h("p", { class: "drill-banner", text: words.exerciseLong });
  const placing = placingView(app);
  const parts: View[] = [
    refusalView(app, () => app.dispatch.chosen()?.id ?? ""), standing(app), actsView(app), editView(app), factsView(app), photosView(app), alikeView(app), crewView(app),
    adding(app), excludedView(app), whyPlan(app), linksView(app),
  ];
  const body = h("div", { class: "detail-body" }, ...parts.map((part) => part.node));
  return {
    node: h("div", { class: "detail-whole" }, head.node, drill, placing.node, body),
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      show(drill, incident.exercise);
      for (const part of [head, placing, ...parts]) part.render();
    },
  };
}

function heading(app: App): View {
  const mark = h("span", { class: "row-icon" });
  const title = h("h2");
  const sub = h("span", { class: "sub" });
  const close = h("button", { class: "ghost", title: w().detail.close, attrs: { type: "button", "aria-label": w().detail.close }, on: { click: () => app.dispatch.choose(undefined) } }, icon("close", "plain"));
  const head = h("div", { class: "detail-head" }, mark, h("div", { class: "titles" }, title, sub), close);
  return {
    node: head,
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      if (head.dataset["severity"] !== String(incident.severity)) mark.replaceChildren(icon(`severity-${incident.severity}`, "severity"));
      attr(head, "data-severity", incident.severity);
      text(title, app.kindName(incident.kind));
      const age = w().ago(duration((app.now() - Date.parse(incident.opened)) / 1000));
      text(sub, [app.areaName(incident.area) || incident.area, `${w().dispatch.severity} ${w().severity[incident.severity] ?? ""}`, age].filter(Boolean).join(" · "));
    },
  };
}

/** How it stands, in one glance. */
function standing(app: App): View {
  const status = h("b", { class: "state", attrs: { "aria-live": "polite" } });
  const paused = h("span", { class: "tag paused", text: w().dispatch.pausedHere });
  const crew = h("span", { class: "parts" });
  const when = h("span", { class: "chance" });
  return {
    node: h("div", { class: "now" }, h("div", { class: "now-line" }, status, paused), crew, when),
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      text(status, w().incidentStatus[incident.status] ?? incident.status);
      show(paused, incident.paused && !ended(incident));
      const tally = app.dispatch.scene.tally(incident);
      text(crew, tally.promised + tally.asked + tally.stalled > 0 || incident.status === "dispatching" ? people(tally) : "");
      text(when, chance(app, incident));
      for (const line of [crew, when]) show(line, line.textContent !== "");
    },
  };
}

function actsView(app: App): View {
  const about = (): string => app.dispatch.chosen()?.id ?? "";
  const run: Partial<Record<Act, () => unknown>> = {
    edit: () => app.dispatch.toggle("edit"),
    move: () => app.dispatch.startMove(),
    look: () => app.dispatch.act("look", { count: 3 }),
  };
  const buttons = ALL.map((act) => ({ act, ...actButton(app, { act, about, run: run[act] ?? (() => app.dispatch.act(act)) }) }));
  const first = h("div", { class: "acts first" });
  const more = h("div", { class: "acts" });
  const rest = h("details", { class: "more-acts" }, h("summary", { text: w().dispatch.more }), more);
  const node = h("div", { class: "act-area" }, first, rest);
  let laid = "";
  return {
    node,
    render(): void {
      const incident = app.dispatch.chosen();
      show(node, app.may("incident.write"));
      if (!incident) return;
      const wanted = acts(incident);
      const key = `${wanted.first.join()}|${wanted.more.join()}`;
      if (key !== laid) {
        const of = (names: Act[]): HTMLElement[] => names.flatMap((name) => buttons.find((each) => each.act === name)?.node ?? []);
        first.replaceChildren(...of(wanted.first));
        more.replaceChildren(...of(wanted.more));
      }
      laid = key;
      for (const button of buttons) button.render();
    },
  };
}

/** While a place is pointed at, the map must be free: the details step aside. */
function placingView(app: App): View {
  const cancel = h("button", { class: "do quiet", text: w().dispatch.form.cancel, attrs: { type: "button" }, on: { click: () => app.dispatch.back() } });
  const node = h("div", { class: "placing", attrs: { role: "status" } }, h("b", { text: w().dispatch.form.clicking }), cancel);
  return { node, render: () => show(node, app.dispatch.placing === "move") };
}

function adding(app: App): View {
  const tray = assignView(app);
  const open = h("button", { class: "do", text: w().dispatch.add, attrs: { type: "button", "data-act": "add" }, on: { click: () => app.dispatch.toggle("assign") } });
  const can = (incident: Incident | undefined): boolean => incident !== undefined && assignable(incident) && app.may("incident.write");
  const node = h("section", { class: "adding" }, open, tray.node);
  return {
    node,
    render(): void {
      show(node, can(app.dispatch.chosen()));
      attr(open, "aria-expanded", String(app.dispatch.tray === "assign"));
      tray.render();
    },
  };
}
