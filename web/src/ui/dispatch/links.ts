/** What is printed: the call sheet, the BPBD's reports, what became of it; and the form for what it did. */
import type { App } from "../../app.ts";
import { afterActionUrl, callsUrl, impactUrl, reportUrl } from "../../dispatch/api.ts";
import { ended } from "../../dispatch/scene.ts";
import { w } from "../../words/index.ts";
import { attr, h, show } from "../dom.ts";
import type { View } from "../topbar.ts";

const REPORTS = ["awal", "berkala", "akhir"] as const;

export function linksView(app: App): View {
  const words = w().dispatch;
  const link = (label: string): HTMLAnchorElement => h("a", { text: label, attrs: { target: "_blank", rel: "noopener" } });
  const calls = link(words.calls);
  const after = link(words.afterAction);
  const impact = link(words.impact);
  const reports = REPORTS.map((kind) => ({ kind, page: link(words.report[kind] ?? kind), csv: link("CSV") }));
  const node = h("p", { class: "downloads" }, words.links, calls, ...reports.flatMap(({ page, csv }) => [page, csv]), after, impact);
  return {
    node,
    render(): void {
      const incident = app.dispatch.chosen();
      if (!incident) return;
      attr(calls, "href", callsUrl(incident.id));
      attr(after, "href", afterActionUrl(incident.id));
      attr(impact, "href", impactUrl(incident.id));
      show(impact, app.may("incident.write"));
      for (const { kind, page, csv } of reports) {
        attr(page, "href", reportUrl(incident.id, kind, "html"));
        attr(csv, "href", reportUrl(incident.id, kind, "csv"));
        for (const each of [page, csv]) show(each, kind !== "akhir" || ended(incident));
      }
    },
  };
}
