/** "Why is it not on the map?": what was heard of a device, what became of it, and what to do; who speaks unregistered. */
import type { App } from "../app.ts";
import { duration } from "../time.ts";
import type { Check, Heard, Said } from "../types.ts";
import { byId, sought, type Named } from "../why.ts";
import { w } from "../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "./dom.ts";
import { heldList } from "./held.ts";
import { icon } from "./icons.ts";
import type { View } from "./topbar.ts";

interface Actions {
  showPoint(lon: number, lat: number): void;
}

const PLAIN_CLOCK_S = 5; // an estimate is no better than this

export function whyPage(app: App, act: Actions): View {
  const words = w().why;
  const close = h("button", { class: "ghost", title: w().detail.close, attrs: { type: "button", "aria-label": w().detail.close }, on: { click: () => app.set(() => (app.asking.open = false)) } }, icon("close", "plain"));
  const question = questionForm(app);
  const answer = answerView(app);
  const held = heldList(app, act);
  const node = h(
    "section",
    { class: "why", attrs: { role: "dialog", "aria-label": words.title } },
    h("div", { class: "detail-head" }, h("div", { class: "titles" }, h("h2", { text: words.title })), close),
    h("div", { class: "why-body" }, question.node, answer.node, held.node),
  );
  let wasOpen = false;
  return {
    node,
    render(): void {
      const { open } = app.asking;
      show(node, open);
      if (open && !wasOpen) question.node.querySelector("input")?.focus();
      wasOpen = open;
      if (open) for (const part of [question, answer, held]) part.render();
    },
  };
}

function questionForm(app: App): View {
  const words = w().why;
  const field = h("input", {
    attrs: { type: "search", name: "device", placeholder: words.search, "aria-label": words.search, autocomplete: "off", spellcheck: false },
    on: { input: () => app.set(() => (app.asking.words = field.value)) },
  });
  const submit = (event: Event): void => {
    event.preventDefault();
    const typed = field.value.trim();
    if (typed) void app.asking.ask(sought(app.asking.known, typed)[0] ?? byId(typed));
  };
  const found = new KeyedList<Named>(h("ul", { class: "suggestions" }), (one) => `${one.device}|${one.label}`, (one) => suggestion(app, one));
  const hint = h("p", { class: "sub", text: words.hint });
  const node = h("form", { class: "why-form", on: { submit } }, h("div", { class: "search" }, icon("search", "plain"), field), found.node, hint);
  return {
    node,
    render(): void {
      if (field.value !== app.asking.words) field.value = app.asking.words;
      found.render(sought(app.asking.known, app.asking.words));
      show(hint, app.asking.words === "" && app.asking.asked === undefined);
    },
  };
}

function suggestion(app: App, first: Named): Row<Named> {
  let shown = first;
  const title = h("b", { text: first.label });
  const names = h("span", { class: "what" });
  const node = h("li", {}, h("button", { class: "row", attrs: { type: "button" }, on: { click: () => void app.asking.ask(shown) } }, title, names));
  return {
    node,
    update(one): void {
      shown = one;
      text(names, [...one.names, one.device === undefined ? w().why.noDevice : ""].filter(Boolean).join(" · "));
    },
  };
}

function answerView(app: App): View {
  const words = w().why;
  const title = h("h3");
  const again = h("button", { class: "link-button", text: words.again, attrs: { type: "button" }, on: { click: () => app.asking.asked && void app.asking.ask(app.asking.asked) } });
  const verdict = h("p", { class: "verdict", attrs: { role: "status" } });
  const checks = new KeyedList<Check>(h("ol", { class: "checks" }), (each) => each.check, () => checkRow());
  const heard = heardView(app);
  const rest = h("div", {}, checks.node, heard.node);
  const node = h("div", { class: "answer" }, h("div", { class: "now-line" }, title, again), verdict, rest);
  return {
    node,
    render(): void {
      const { asked, state, why } = app.asking;
      show(node, asked !== undefined);
      if (!asked) return;
      const none = asked.device === undefined;
      text(title, [asked.label, ...(why ? [why.vehicle, why.person] : none ? asked.names : [])].filter(Boolean).join(" · "));
      text(verdict, none ? words.noDeviceLong : state === "busy" ? words.asking : why ? spoken(why.verdict) : words.failed);
      attr(verdict, "data-ok", none ? "false" : why ? String(why.ok) : undefined);
      show(again, !none);
      show(rest, why !== undefined);
      if (!why) return;
      checks.render(why.checks);
      heard.show(why.heard);
    },
  };
}

const spoken = (said: Said): string => said[w().lang as keyof Said];

function checkRow(): Row<Check> {
  const mark = h("span", { class: "check-mark" });
  const detail = h("span", { class: "check-detail" });
  const remedy = h("span", { class: "check-remedy" });
  const node = h("li", {}, mark, h("span", { class: "check-text" }, detail, remedy));
  return {
    node,
    update(check): void {
      const sign = check.ok === null ? "unknown" : check.ok ? "yes" : "no";
      if (node.dataset["ok"] !== sign) mark.replaceChildren(icon(sign, "plain"));
      node.dataset["ok"] = sign;
      attr(mark, "title", w().why.signs[sign]);
      text(detail, spoken(check.detail));
      text(remedy, check.remedy ? spoken(check.remedy) : "");
      show(remedy, check.remedy !== null);
    },
  };
}

/** The newest message as it came, and what may be said of the honesty of its fixes. */
function heardView(app: App): { node: HTMLElement; show(heard: Heard | null): void } {
  const words = w().why;
  const names = [words.received, words.came, words.outcome, words.fixTime, words.place, words.clock, words.lateness];
  const cells = names.map(() => h("dd"));
  const facts = h("dl", { class: "facts" }, ...names.map((label, i) => h("div", {}, h("dt", { text: label }), cells[i] ?? "")));
  const flags = h("p", { class: "flags" });
  const payload = h("pre", { attrs: { tabindex: 0, "aria-label": words.payload } });
  const raw = h("details", {}, h("summary", { text: words.payload }), payload);
  const node = h("div", { class: "heard" }, h("div", { class: "band" }, h("h2", { text: words.lastMessage })), flags, facts, raw);
  return {
    node,
    show(heard): void {
      show(node, heard !== null);
      if (!heard) return;
      factsOf(app, heard).forEach((value, i) => { const cell = cells[i]; if (cell) text(cell, value); });
      if (flags.dataset["flags"] !== heard.flags.join() + w().lang) flags.replaceChildren(...heard.flags.map((flag) => h("span", { class: "tag", text: words.flags[flag] ?? flag, attrs: { "data-flag": flag } })));
      flags.dataset["flags"] = heard.flags.join() + w().lang;
      show(flags, heard.flags.length > 0);
      show(raw, heard.payload !== null);
      text(payload, heard.payload ?? "");
    },
  };
}

function factsOf(app: App, heard: Heard): string[] {
  const words = w().why;
  const { clock } = app;
  const when = (at: string): string => {
    const ms = Date.parse(at);
    return `${clock.dayMonth(ms)} ${clock.seconds(ms)} · ${w().ago(duration((app.now() - ms) / 1000))}`;
  };
  const error = heard.clock_error_s;
  return [
    when(heard.received),
    [words.sources[heard.source] ?? heard.source, heard.topic, heard.dialect].filter(Boolean).join(" · "),
    [words.outcomes[heard.outcome], heard.reason, heard.detail].filter(Boolean).join(" · "),
    heard.time === null ? "—" : when(heard.time),
    heard.lat === null || heard.lon === null ? "—" : `${heard.lat.toFixed(5)}, ${heard.lon.toFixed(5)}`,
    error === null ? "—" : Math.abs(error) < PLAIN_CLOCK_S ? words.clockRight : error > 0 ? words.clockAhead(duration(error)) : words.clockBehind(duration(-error)),
    heard.lateness_s === null ? "—" : duration(heard.lateness_s),
  ];
}
