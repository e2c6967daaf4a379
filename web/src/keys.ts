/** The keyboard: everything a supervisor does all day, without the mouse. */
import type { App } from "./app.ts";

const TABS = { "1": "attention", "2": "dwells", "3": "incidents" } as const;

export function listenKeys(app: App, fit: () => void): void {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const writing = event.target instanceof HTMLSelectElement || event.target instanceof HTMLTextAreaElement || (event.target instanceof HTMLInputElement && event.target.type !== "checkbox");
    if (event.key === "Escape") escape(app, event.target);
    else if (writing || !act(app, event.key, fit)) return;
    event.preventDefault();
  });
}

function escape(app: App, target: EventTarget | null): void {
  if (target instanceof HTMLElement && target.closest(".incident-form")) return target.blur(); // what was typed stays open
  if (target instanceof HTMLInputElement) target.blur();
  if (app.saying.open !== undefined) app.saying.toggle(app.saying.open);
  else if (app.asking.open) app.set(() => (app.asking.open = false));
  else if (app.rounds.open) app.rounds.close();
  else if (app.dispatch.back()) return;
  else if (app.search) app.set(() => (app.search = ""));
  else app.select(undefined);
}

function act(app: App, key: string, fit: () => void): boolean {
  if (key in TABS) app.set(() => (app.tab = TABS[key as keyof typeof TABS]));
  else if (key === "/") document.querySelector<HTMLInputElement>(".search input")?.focus();
  else if (key === "f" || key === "F") fit();
  else if (key === "a" || key === "A") acknowledgeFirst(app);
  else if (key === "w" || key === "W") app.askWhy(app.selected);
  else if ((key === "n" || key === "N") && app.may("incident.open")) openForm(app);
  else if (key === "r" || key === "R") app.toggleRounds();
  else return false;
  return true;
}

function openForm(app: App): void {
  app.tab = "incidents";
  app.dispatch.startNew();
}

function acknowledgeFirst(app: App): void {
  const first = app.raised()[0];
  if (first && app.may("alert.ack")) void app.acknowledge(first.id);
}
