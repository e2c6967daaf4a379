/** What somebody knows of a stop: a small form beneath its row, for its purpose and a reason in words. */
import type { App } from "../app.ts";
import { REASON_MAX, type Choice } from "../saying.ts";
import { w } from "../words/index.ts";
import { attr, h, show, text } from "./dom.ts";
import type { Stop } from "./dwells.ts";

const CHOICES: readonly Choice[] = ["planned", "allowed", "break", "only", "rules"];

/**
 * The button and, once pressed, the form. Who may not judge a stop gives a reason only. `near`: in a vehicle's details,
 * where any stop may be spoken of; in the long list only those that need it have the button.
 */
export function sayView(app: App, near: boolean): { node: HTMLElement; render(stop: Stop): void } {
  let stop: Stop | undefined;
  const toggle = (): void => void (stop && app.saying.toggle(key(stop)));
  const key = ({ id }: Stop): string => `${near ? "near" : "list"} ${id}`; // the same stop may stand in the list and in the details
  const ask = h("button", { class: "link-button say-ask", attrs: { type: "button" }, on: { click: toggle } });
  const node = h("div", { class: "say" }, ask);
  let form: ReturnType<typeof sayForm> | undefined;
  return {
    node,
    render(now): void {
      stop = now;
      const open = app.saying.open === key(now);
      const asked = near || open || now.purpose === "unexplained";
      show(node, asked && app.may("dwell.reason") && now.class !== "phone");
      text(ask, now.reason || now.why === "label" ? w().say.change : w().say.ask);
      attr(ask, "aria-expanded", String(open));
      attr(ask, "data-quiet", now.purpose !== "unexplained");
      show(ask, !open);
      if (open !== (form !== undefined)) {
        form?.node.remove();
        form = open ? sayForm(app, now, toggle) : undefined;
        if (form) node.append(form.node);
      }
      form?.render();
    },
  };
}

function sayForm(app: App, stop: Stop, close: () => void): { node: HTMLElement; render(): void } {
  const words = w().say;
  const judges = app.may("dwell.label");
  const offered = CHOICES.filter((each) => each !== "rules" || stop.why === "label");
  const picks = offered.map((each) => h("input", { attrs: { type: "radio", name: `say-${stop.id}`, value: each, checked: each === startOf(stop) } }));
  const purpose = h("fieldset", {}, h("legend", { text: words.purpose }), ...picks.map((pick, i) => h("label", {}, pick, h("span", { text: words.choices[offered[i] ?? "only"] }))));
  const reason = h("input", { attrs: { type: "text", name: "reason", maxlength: REASON_MAX, autocomplete: "off", placeholder: words.example, "aria-label": words.reason } });
  reason.value = stop.reason;
  const go = h("button", { class: "go", attrs: { type: "submit" } });
  const cancel = h("button", { class: "ghost-text", text: words.cancel, attrs: { type: "button" }, on: { click: close } });
  const failed = h("p", { class: "note bad", attrs: { role: "alert" } });
  const chosen = (): Choice => (judges ? offered[picks.findIndex((pick) => pick.checked)] : undefined) ?? "only";
  const ready = (): boolean => chosen() !== "only" || reason.value.trim() !== stop.reason;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (ready()) void app.saying.send(stop.id, chosen(), reason.value.trim());
  };
  const check = (): void => void (go.disabled = app.saying.busy || !ready());
  const node = h("form", { class: "say-form", attrs: { "aria-label": words.for(stop.title) }, on: { submit, input: check } }, judges && purpose, reason, h("div", { class: "say-act" }, go, cancel), failed);
  setTimeout(() => (judges ? picks.find((pick) => pick.checked) : reason)?.focus());
  return {
    node,
    render(): void {
      text(go, app.saying.busy ? words.busy : words.go);
      check();
      text(failed, `${words.failed} ${app.saying.failed}`);
      show(failed, app.saying.failed !== "");
    },
  };
}

/** What a person said before is where they begin; else only a reason, which judges nothing. */
function startOf(stop: Stop): Choice {
  const said = stop.why === "label" ? stop.purpose : "only";
  return said === "planned" || said === "allowed" || said === "break" ? said : "only";
}
