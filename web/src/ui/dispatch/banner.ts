/** Nobody is asked in the whole city: said across the top, with the way back. */
import type { App } from "../../app.ts";
import { w } from "../../words/index.ts";
import { h, show } from "../dom.ts";
import type { View } from "../topbar.ts";
import { actButton } from "./button.ts";
import { refusalView } from "./refusal.ts";

export function pauseBanner(app: App): View {
  const words = w().dispatch;
  const resume = actButton(app, { act: "city_resume", about: () => "city", label: words.resumeCity, run: () => app.dispatch.pauseCity(false), class: "plain" });
  const banner = h("div", { class: "banner city-paused", attrs: { role: "alert" } }, h("b", { text: words.cityPaused }), resume.node);
  const refusal = refusalView(app, () => "");
  return {
    node: h("div", {}, banner, refusal.node),
    render(): void {
      show(banner, app.dispatch.paused === true);
      show(resume.node, app.may("incident.write"));
      resume.render();
      refusal.render();
      if (app.dispatch.open === "new") show(refusal.node, false); // the form says it itself
    },
  };
}
