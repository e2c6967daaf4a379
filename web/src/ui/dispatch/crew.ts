/** Who was asked, in words: sent, on the phone, seen, under way, there; and what may be entered for each. */
import type { App } from "../../app.ts";
import { lockable, standable, words as wordsFor, type Word } from "../../dispatch/moves.ts";
import { expected, stand } from "../../dispatch/scene.ts";
import type { Offer } from "../../dispatch/types.ts";
import { away } from "../../map/trail.ts";
import { duration, metres } from "../../time.ts";
import { w } from "../../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "../dom.ts";
import { icon } from "../icons.ts";
import type { View } from "../topbar.ts";
import { actButton } from "./button.ts";

const MINUTES = [5, 10, 15, 30, 45, 60];
const RANK = ["there", "coming", "promised", "stalled", "seen", "asked", "over"];

export function crewView(app: App): View {
  const words = w().dispatch;
  const live = new KeyedList<Offer>(h("ul", { class: "rows crewlist" }), (each) => each.id, (each) => personRow(app, each));
  const gone = new KeyedList<Offer>(h("ul", { class: "rows crewlist" }), (each) => each.id, (each) => personRow(app, each));
  const past = h("summary");
  const history = h("details", { class: "folded-past" }, past, gone.node);
  const none = h("p", { class: "note slim", text: words.noPeople });
  const count = h("span", { class: "count" });
  const node = h("section", { attrs: { "aria-label": words.people } }, h("div", { class: "band" }, h("h2", { text: words.people }), count), live.node, none, history);
  return {
    node,
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      const all = app.dispatch.scene.offers(incident.id);
      const rank = (offer: Offer): number => RANK.indexOf(stand(offer));
      const now = all.filter((offer) => stand(offer) !== "over").sort((a, b) => rank(a) - rank(b) || (expected(a) ?? Infinity) - (expected(b) ?? Infinity));
      const over = all.filter((offer) => stand(offer) === "over").reverse();
      live.render(now);
      gone.render(over);
      text(count, now.length ? String(now.length) : "");
      show(none, all.length === 0);
      text(past, words.history(over.length));
      show(history, over.length > 0);
    },
  };
}

function personRow(app: App, first: Offer): Row<Offer> {
  let offer = first;
  const sign = h("span", { class: "row-icon" });
  const title = h("b");
  const state = h("span", { class: "what state" });
  const note = h("span", { class: "what" });
  const eta = h("span", { class: "long" });
  const locked = h("span", { class: "tag", text: w().dispatch.manual });
  const look = (): void => {
    const unit = app.unit(offer.device);
    if (unit) app.dispatch.show(unit.lon, unit.lat);
  };
  const row = h("button", { class: "row person", attrs: { type: "button" }, on: { click: look } }, sign,
    h("span", { class: "row-main" }, h("span", { class: "row-title" }, title, locked), state, note), eta);
  const tools = personTools(app, () => offer);
  const node = h("li", { class: "unit asked" }, row, tools.node);
  return {
    node,
    update(newest): void {
      offer = newest;
      const how = stand(offer);
      if (node.dataset["stand"] !== how) sign.replaceChildren(icon(`stand-${how}`, `stand-${how}`));
      attr(node, "data-stand", how);
      text(title, app.dispatch.people.name(offer.volunteer));
      show(locked, offer.manual && how !== "over");
      const since = w().ago(duration((app.now() - Date.parse(offer.at)) / 1000));
      text(state, [roleName(offer.role), w().dispatch.state[offer.state], since].filter(Boolean).join(" · "));
      text(note, noted(app, offer));
      show(note, note.textContent !== "");
      text(eta, how === "over" ? "" : arrival(app, offer));
      tools.render();
    },
  };
}

export const roleName = (role: string): string => w().dispatch.role[role] ?? role;

/** Who entered it, and how far they still are by their newest position. */
function noted(app: App, offer: Offer): string {
  const how = stand(offer);
  const incident = app.dispatch.scene.incidents.get(offer.incident);
  const unit = app.unit(offer.device);
  const near = incident && unit && ["promised", "coming", "stalled"].includes(how) ? w().dispatch.away(metres(away(unit, incident))) : "";
  return [near, offer.by === "coordinator" && offer.actor ? w().dispatch.enteredBy(offer.actor) : ""].filter(Boolean).join(" · ");
}

function arrival(app: App, offer: Offer): string {
  const how = stand(offer);
  if (how === "there") return "";
  const at = expected(offer);
  if (at === undefined) return how === "promised" || how === "coming" ? w().dispatch.etaUnknown : "";
  const clock = app.clock.minutes(at);
  const left = (at - app.now()) / 1000;
  if (how === "asked" || how === "seen") return `± ${duration(offer.eta_s ?? 0)}`;
  return left > 0 ? w().dispatch.eta(duration(Math.max(60, left)), clock) : w().dispatch.late(clock);
}

/** What a coordinator may do about one person. */
function personTools(app: App, offer: () => Offer): View {
  const words = w().dispatch;
  const about = (): string => offer().id;
  const answer = h("button", { class: "do quiet", text: words.answer, title: words.answerFor, attrs: { type: "button", "data-act": "answer" }, on: { click: () => app.dispatch.toggle(offer().id) } });
  const call = h("a", { class: "do quiet", text: words.call });
  const lock = actButton(app, { act: "lock", about, run: () => app.dispatch.speak(offer(), "lock"), class: "do quiet" });
  const home = actButton(app, { act: "stand_down", about, run: () => app.dispatch.speak(offer(), "stand_down"), class: "do quiet" });
  const said = answers(app, offer);
  return {
    node: h("div", { class: "person-tools" }, h("div", { class: "acts" }, call, answer, lock.node, home.node), said.node),
    render(): void {
      const may = app.may("incident.write");
      const phone = app.dispatch.people.of(offer().volunteer)?.phone;
      attr(call, "href", phone ? `tel:${phone.replace(/[^+\d]/g, "")}` : undefined);
      show(call, Boolean(phone) && stand(offer()) !== "over");
      show(answer, may && wordsFor(offer()).length > 0);
      attr(answer, "aria-expanded", String(app.dispatch.tray === offer().id));
      show(lock.node, may && lockable(offer()));
      show(home.node, may && standable(offer()));
      for (const each of [lock, home]) each.render();
      said.render();
    },
  };
}

/** What they say on the telephone, as buttons. */
function answers(app: App, offer: () => Offer): View {
  const words = w().dispatch;
  const lead = h("p", { class: "sub" });
  const minutes = h("select", { attrs: { "aria-label": words.inMinutes } }, ...MINUTES.map((n) => h("option", { text: `${n} ${words.inMinutes}`, attrs: { value: n, selected: n === 10 } })));
  const all: readonly Word[] = ["accept", "accept_in", "decline", "decline_today", "arrived", "left"];
  const buttons = all.map((word) => ({ word, view: actButton(app, { act: word, about: () => offer().id, run: () => app.dispatch.speak(offer(), word, word === "accept_in" ? Number(minutes.value) : 0) }) }));
  const never = actButton(app, { act: "exclude", about: () => offer().id, run: () => app.dispatch.act("exclude", { person: offer().volunteer }), class: "do quiet" });
  const node = h("div", { class: "answers", attrs: { role: "group" } }, lead, h("div", { class: "acts" }, ...buttons.flatMap(({ word, view }) => (word === "accept_in" ? [view.node, minutes] : [view.node])), never.node));
  return {
    node,
    render(): void {
      const open = app.dispatch.tray === offer().id;
      show(node, open);
      if (!open) return;
      text(lead, words.answering(app.dispatch.people.name(offer().volunteer)));
      const now = wordsFor(offer());
      for (const { word, view } of buttons) {
        show(view.node, now.includes(word));
        view.render();
      }
      show(minutes, now.includes("accept_in"));
      show(never.node, standable(offer()));
      never.render();
    },
  };
}

/** Those who are not to be asked, each with the way back. */
export function excludedView(app: App): View {
  const list = new KeyedList<string>(h("ul", { class: "chips-list" }), (id) => id, (id) => {
    const name = h("span");
    const back = actButton(app, { act: "include", about: () => id, run: () => app.dispatch.act("include", { person: id }), class: "link-button" });
    return {
      node: h("li", {}, name, back.node),
      update(): void {
        text(name, app.dispatch.people.name(id));
        show(back.node, app.may("incident.write"));
        back.render();
      },
    };
  });
  const node = h("section", {}, h("div", { class: "band" }, h("h2", { text: w().dispatch.excluded })), list.node);
  return {
    node,
    render(): void {
      const excluded = app.dispatch.chosen()?.excluded ?? [];
      list.render(excluded);
      show(node, excluded.length > 0);
    },
  };
}

