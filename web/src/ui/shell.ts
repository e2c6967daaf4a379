/** The page: bar, banners, panel with its tabs, map, and the detail of what is chosen. */
import type { App, Tab } from "../app.ts";
import type { Siren } from "../siren.ts";
import { w } from "../words/index.ts";
import { banners } from "./banner.ts";
import { detail } from "./detail.ts";
import { attr, h, show, text } from "./dom.ts";
import { incidentDetail } from "./dispatch/detail.ts";
import { incidentPanel } from "./dispatch/panel.ts";
import { dwellPanel } from "./dwells.ts";
import { icon } from "./icons.ts";
import { attentionList } from "./list.ts";
import { mapTools } from "./maptools.ts";
import { roundsPage } from "./rounds.ts";
import { topbar, type View } from "./topbar.ts";
import { whyPage } from "./why.ts";

export interface ShellActions {
  language(): void;
  theme(): void;
  signOut(): void;
  zoom(by: number): void;
  fit(): void;
  flood(): void;
  showPoint(lon: number, lat: number): void;
  showSpot(lon: number, lat: number): void;
  siren: Siren;
}

const TABS: readonly Tab[] = ["attention", "dwells", "incidents"];

/** `stage` holds the map and outlives a change of language; `notice` says why there is none. */
export function shell(app: App, stage: HTMLElement, notice: string | undefined, act: ShellActions): View {
  const bar = topbar(app, act);
  const warn = banners(app, act);
  const panels: Record<Tab, View> = {
    attention: attentionList(app),
    dwells: dwellPanel(app),
    incidents: incidentPanel(app, { flood: act.flood }),
  };
  const tabs = tabRow(app);
  const find = search(app);
  const one = detail(app);
  const incident = incidentDetail(app);
  const tools = mapTools(app, act);
  const why = whyPage(app, act);
  const rounds = roundsPage(app, act);
  const panel = h("section", { class: "panel", attrs: { id: "panel" } }, tabs.node, find.node, ...TABS.map((tab) => panels[tab].node));
  const missing = h("p", { class: "no-map", text: notice ?? "" });
  const main = h("main", { class: notice ? "work mapless" : "work" }, panel, h("div", { class: "field" }, stage, missing, tools.node, one.node, incident.node), rounds.node, why.node);
  show(missing, notice !== undefined);
  show(tools.node, notice === undefined);
  const node = h("div", { class: "console" }, h("a", { class: "skip", text: w().skipToList, attrs: { href: "#panel" } }), bar.node, warn.node, main);
  return {
    node,
    render(): void {
      const open = notice === undefined ? [app.tab] : TABS;
      for (const view of [bar, warn, tabs, find, one, incident, tools, rounds, why, ...open.map((tab) => panels[tab])]) view.render();
      for (const tab of TABS) show(panels[tab].node, open.includes(tab));
      attr(node, "data-link", app.link);
      attr(node, "data-rounds", app.rounds.open);
      attr(node, "data-detail", app.unit(app.selected) !== undefined || app.dispatch.open !== undefined);
      attr(node, "data-placing", app.dispatch.placing !== undefined);
    },
  };
}

function tabRow(app: App): View {
  const tabs = TABS.map((tab) => {
    const badge = h("span", { class: "badge" });
    const node = h(
      "button",
      { attrs: { type: "button", role: "tab", "data-tab": tab }, on: { click: () => app.set(() => (app.tab = tab)) } },
      h("span", { text: w().tabs[tab] }), badge,
    );
    return { tab, node, badge };
  });
  return {
    node: h("div", { class: "tabs", attrs: { role: "tablist" } }, ...tabs.map((each) => each.node)),
    render(): void {
      const open = app.dispatch.openCount();
      const counts: Record<Tab, number> = { attention: app.raised().length + app.calls().length, dwells: 0, incidents: open };
      for (const { tab, node, badge } of tabs) {
        attr(node, "aria-selected", String(tab === app.tab));
        text(badge, String(counts[tab]));
        show(badge, counts[tab] > 0);
      }
    },
  };
}

function search(app: App): View {
  const field = h("input", {
    attrs: { type: "search", placeholder: w().search, "aria-label": w().search, autocomplete: "off", spellcheck: false },
    on: { input: () => app.set(() => (app.search = field.value)) },
  });
  const waiting = h("span", { class: "badge" });
  const why = h("button", { class: "ghost", attrs: { type: "button" }, on: { click: () => app.askWhy() } }, icon("why", "plain"), waiting);
  return {
    node: h("div", { class: "search" }, icon("search", "plain"), field, why),
    render(): void {
      if (field.value !== app.search) field.value = app.search;
      const strangers = app.asking.held.length;
      const says = strangers ? `${w().why.title} · ${w().held.waiting(strangers)}` : w().why.title;
      attr(why, "title", says);
      attr(why, "aria-label", says);
      text(waiting, String(strangers));
      show(waiting, strangers > 0);
    },
  };
}
