/** A button that does something; what sends people home is pressed twice. */
import type { App } from "../../app.ts";
import { w } from "../../words/index.ts";
import { attr, h, text } from "../dom.ts";
import type { View } from "../topbar.ts";

interface Given {
  act: string;
  /** Tells this button from others of the same act: what it is about. */
  about: () => string;
  run: () => unknown;
  label?: string;
  class?: string;
}

export function actButton(app: App, { act, about, run, label = w().dispatch.act[act] ?? act, class: look = "do" }: Given): View & { node: HTMLButtonElement } {
  const key = (): string => `${about()}.${act}`;
  const press = (): void => {
    if (app.dispatch.sure(act, key())) run();
  };
  const node = h("button", { class: look, title: w().dispatch.hint[act] ?? "", attrs: { type: "button", "data-act": act }, on: { click: press } });
  return {
    node,
    render(): void {
      const armed = app.dispatch.armed === key();
      text(node, armed ? w().dispatch.sure(label) : label);
      attr(node, "data-armed", armed);
      node.disabled = app.dispatch.busy !== undefined;
    },
  };
}
