/** The bar at the top: which city, how many of what, whether the data are live, the city's time. */
import type { App } from "../app.ts";
import { tally, type Look } from "../fleet.ts";
import { duration } from "../time.ts";
import { w } from "../words/index.ts";
import { attr, h, show, text } from "./dom.ts";
import { icon } from "./icons.ts";

export interface View {
  node: HTMLElement;
  render(): void;
}

interface Actions {
  language(): void;
  theme(): void;
  signOut(): void;
}

const STALE_S = 60; // a whole fleet that says nothing for this long is worth a look at the line, not at the fleet
const LOOKS: readonly Look[] = ["alert", "silent", "stopped", "moving"];

export function topbar(app: App, act: Actions): View {
  const words = w();
  const chips = LOOKS.map((which) => chip(app, which));
  const duty = dutyChip(app);
  const link = linkState(app);
  const rounds = roundsButton(app);
  const time = h("time", { class: "clock" });
  const node = h(
    "header",
    { class: "topbar" },
    h("div", { class: "brand" }, mark(), h("strong", { text: words.product }), h("span", { class: "city", text: app.me.city.name }),
      app.me.demo && h("span", { class: "tag demo", text: words.menu.demo })),
    h("div", { class: "chips", attrs: { role: "group", "aria-label": words.tabs.attention } }, ...chips.map((each) => each.node), duty.node),
    h("div", { class: "right" }, rounds.node, link.node, time, menu(app, act)),
  );
  return {
    node,
    render(): void {
      const counts = tally(app.fleet.units.values());
      chips.forEach((each) => each.render(counts));
      duty.render();
      rounds.render();
      link.render();
      text(time, `${app.clock.seconds(app.now())} ${app.clock.zone()}`);
    },
  };
}

function chip(app: App, which: Look) {
  const count = h("b", { text: "0" });
  const node = h(
    "button",
    {
      class: `chip tone-${which}`,
      title: w().stateHint[which],
      attrs: { type: "button" },
      on: { click: () => app.set(() => { app.only = app.only === which ? undefined : which; app.tab = "attention"; }) },
    },
    icon(which, which), count, h("span", { text: w().state[which] }),
  );
  return {
    node,
    render(counts: Record<Look, number>): void {
      text(count, String(counts[which]));
      node.classList.toggle("none", counts[which] === 0);
      attr(node, "aria-label", `${w().state[which]}: ${counts[which]}`);
      attr(node, "aria-pressed", String(app.only === which));
    },
  };
}

/** How many volunteers are on duty, of how many: always in sight. */
function dutyChip(app: App): View {
  const count = h("b");
  const says = h("span", { text: w().dispatch.onDuty });
  const node = h("button", { class: "chip duty-chip", attrs: { type: "button" }, on: { click: () => app.set(() => (app.tab = "incidents")) } }, icon("person", "people"), count, says);
  return {
    node,
    render(): void {
      const { onDuty, registered } = app.dispatch.people;
      show(node, onDuty !== undefined && registered !== undefined);
      if (onDuty === undefined || registered === undefined) return;
      text(count, `${onDuty}/${registered}`);
      attr(node, "aria-label", w().dispatch.duty(onDuty, registered));
      attr(node, "title", w().dispatch.duty(onDuty, registered));
      node.classList.toggle("none", onDuty === 0);
    },
  };
}

function roundsButton(app: App): View {
  const says = w().rounds.title;
  const node = h("button", { class: "rounds-open", title: `${says} (R)`, attrs: { type: "button", "aria-label": says }, on: { click: () => app.toggleRounds() } }, icon("rounds", "plain"), h("span", { class: "wide", text: says }), h("span", { class: "short", text: w().rounds.other }));
  node.hidden = !app.may("fleet.read");
  return { node, render: () => attr(node, "aria-pressed", String(app.rounds.open)) };
}

/** Says how old the newest data are, not only that a socket is open. */
function linkState(app: App): View {
  const label = h("span");
  const age = h("small");
  const node = h("div", { class: "link", attrs: { role: "status" } }, h("i", { class: "dot" }), h("span", { class: "link-text" }, label, age));
  return {
    node,
    render(): void {
      const words = w().connection;
      const newest = app.fleet.newestFix;
      const empty = app.link === "live" && newest === 0;
      text(label, empty ? words.noData : words[app.link]);
      const seconds = (app.now() - newest) / 1000;
      text(age, newest ? (seconds < 5 ? words.fresh : words.dataAge(duration(seconds))) : "");
      attr(node, "data-link", app.link);
      attr(node, "data-stale", app.link === "live" && newest > 0 && seconds > STALE_S);
    },
  };
}

function menu(app: App, act: Actions): HTMLElement {
  const words = w();
  const button = (glyph: string, title: string, click: () => void): HTMLElement =>
    h("button", { class: "ghost", title, attrs: { type: "button", "aria-label": title }, on: { click } }, icon(glyph, "plain"));
  const keys = h("dl", { class: "keys" }, ...words.keys.flatMap(([key, does]) => [h("dt", {}, h("kbd", { text: key })), h("dd", { text: does })]));
  const who = words.role[app.me.role] ?? app.me.role;
  return h(
    "nav",
    { class: "menu" },
    h("button", { class: "ghost lang", text: words.lang === "id" ? "EN" : "ID", title: words.otherLanguage.label, attrs: { type: "button", lang: words.otherLanguage.code, "aria-label": words.otherLanguage.label }, on: { click: act.language } }),
    button("theme", words.menu.theme, act.theme),
    h("details", { class: "help" }, h("summary", { class: "ghost", title: words.menu.help, attrs: { "aria-label": words.menu.help } }, icon("keys", "plain")), keys),
    button("out", `${words.menu.signOut} (${who})`, act.signOut),
  );
}

export function mark(): SVGSVGElement {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 32 32");
  svg.setAttribute("class", "mark");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML =
    '<circle cx="16" cy="16" r="12.5" fill="none" stroke="currentColor" stroke-width="2.5" stroke-dasharray="59 20" stroke-linecap="round" transform="rotate(-58 16 16)"/>' +
    '<path d="M16 9.5 20.4 21 16 18.6 11.6 21Z" fill="currentColor" transform="rotate(38 16 16)"/>';
  return svg;
}
