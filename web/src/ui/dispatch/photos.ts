/** Photos of an incident, small; each leads to the whole. */
import type { App } from "../../app.ts";
import { photoUrl } from "../../dispatch/api.ts";
import type { Photo } from "../../dispatch/types.ts";
import { w } from "../../words/index.ts";
import { KeyedList, h, show, type Row } from "../dom.ts";
import type { View } from "../topbar.ts";

export function photosView(app: App): View {
  const list = new KeyedList<Photo>(h("ul", { class: "photos" }), (photo) => `${app.dispatch.open}/${photo.id}`, (photo) => thumb(app, photo));
  const node = h("section", {}, h("div", { class: "band" }, h("h2", { text: w().dispatch.photos })), list.node);
  return {
    node,
    render(): void {
      const shown = app.dispatch.chosen()?.photos ?? [];
      list.render(shown);
      show(node, shown.length > 0);
    },
  };
}

function thumb(app: App, photo: Photo): Row<Photo> {
  const at = Date.parse(photo.at);
  const told = `${w().dispatch.photo} ${app.clock.dayMonth(at)} ${app.clock.minutes(at)}`;
  const incident = app.dispatch.open ?? "";
  const image = h("img", { attrs: { src: photoUrl(incident, photo.id, "thumb"), alt: told, loading: "lazy" } });
  const whole = h("a", { title: told, attrs: { href: photoUrl(incident, photo.id, "full"), target: "_blank", rel: "noopener" } }, image);
  return { node: h("li", {}, whole), update: () => undefined };
}
