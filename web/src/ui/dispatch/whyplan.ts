/** "Mengapa?": why these people, what another choice would cost, and what that rests on, in sentences. */
import type { App } from "../../app.ts";
import { ended } from "../../dispatch/scene.ts";
import type { Alternative, Candidate, Plan, Said } from "../../dispatch/types.ts";
import { duration, metres } from "../../time.ts";
import { w } from "../../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "../dom.ts";
import type { View } from "../topbar.ts";

const spoken = (said: Said | null): string => (said ? said[w().lang === "id" ? "id" : "en"] : "");

export function whyPlan(app: App): View {
  const words = w().dispatch.why;
  const open = h("button", { class: "do wide", text: words.title, attrs: { type: "button", "data-act": "why" }, on: { click: () => app.dispatch.toggle("why") } });
  const sentences = h("div", { class: "sentences" });
  const proof = h("p", { class: "proof" });
  const chosen = new KeyedList<Candidate>(h("ul", { class: "rows" }), (who) => who.device, () => candidateRow(app));
  const instead = new KeyedList<Alternative>(h("ul", { class: "rows" }), (each) => `${each.role}.${each.device}`, () => alternativeRow(app));
  const chosenTitle = h("h4", { text: words.chosen });
  const insteadTitle = h("h4", { text: words.instead });
  const none = h("p", { class: "note slim", text: words.none });
  const at = h("p", { class: "sub" });
  const body = h("div", { class: "tray why-plan" }, none, sentences, proof, chosenTitle, chosen.node, insteadTitle, instead.node, at);
  return {
    node: h("section", { class: "why-section" }, open, body),
    render(): void {
      const incident = app.dispatch.chosen();
      const plan = incident && app.dispatch.scene.plans.get(incident.id);
      const shown = app.dispatch.tray === "why";
      attr(open, "aria-expanded", String(shown));
      show(body, shown);
      if (!shown) return;
      show(none, plan === undefined);
      const said = (plan?.words ?? []).map(spoken).join("\n");
      if (sentences.dataset["said"] !== said) sentences.replaceChildren(...said.split("\n").map((line) => h("p", { text: line })));
      sentences.dataset["said"] = said;
      text(proof, plan ? proven(plan) : "");
      attr(proof, "data-proven", plan?.proven ?? false);
      chosen.render(plan?.chosen ?? []);
      show(chosenTitle, (plan?.chosen.length ?? 0) > 0);
      const others = incident && !ended(incident) ? (plan?.alternatives ?? []) : [];
      instead.render(others);
      show(insteadTitle, others.length > 0);
      text(at, plan ? words.at(app.clock.seconds(Date.parse(plan.at))) : "");
      attr(at, "title", plan?.method);
    },
  };
}

/** What the certificate says, as a plain sentence. */
function proven(plan: Plan): string {
  const words = w().dispatch.why;
  const { certificate } = plan;
  const looked = certificate ? ` ${words.looked(certificate.listed)}` : "";
  return (plan.proven ? words.proven : words.unproven(duration(certificate?.gap_s ?? 0))) + looked;
}

const named = (app: App, device: string): string => {
  const holder = app.dispatch.people.holder(device);
  return holder === undefined ? app.nameOf(device) : app.dispatch.people.name(holder);
};

function candidateRow(app: App): Row<Candidate> {
  const name = h("b");
  const what = h("span", { class: "what" });
  const eta = h("span", { class: "long" });
  return {
    node: h("li", { class: "pick" }, h("span", { class: "row-main" }, name, what), eta),
    update(who): void {
      text(name, named(app, who.device));
      text(what, w().dispatch.why.distance(metres(who.distance_m), duration(who.position_age_s)));
      text(eta, `± ${duration(who.eta_s)}`);
    },
  };
}

function alternativeRow(app: App): Row<Alternative> {
  let shown: Alternative | undefined;
  const what = h("span", { class: "row-main" });
  const send = h("button", { class: "do quiet", text: w().dispatch.why.send, attrs: { type: "button", "data-act": "assign" }, on: { click: () => {
    const person = shown && app.dispatch.people.holder(shown.device);
    if (shown && person !== undefined) void app.dispatch.act("assign", { person, ...(shown.role ? { role: shown.role } : {}) });
  } } });
  return {
    node: h("li", { class: "pick" }, what, send),
    update(each): void {
      shown = each;
      text(what, spoken(each.words) || named(app, each.device));
      show(send, each.cost !== null && app.may("incident.write") && app.dispatch.people.holder(each.device) !== undefined);
      send.disabled = app.dispatch.busy !== undefined;
    },
  };
}
