/** How incidents and the people asked for them are drawn: state by colour and by shape. */
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from "maplibre-gl";

type Colour = (name: string) => string;

const is = (name: string, ...values: string[]): FilterSpecification => ["in", ["get", name], ["literal", values]] as FilterSpecification;
const byStand = (colour: Colour): ExpressionSpecification =>
  ["match", ["get", "how"], "there", colour("good"), "coming", colour("incident"), "promised", colour("incident"), "stalled", colour("stopped"), colour("people")];
const bySeverity = (colour: Colour): ExpressionSpecification =>
  ["match", ["get", "severity"], 3, colour("severe"), 2, colour("moderate"), colour("minor")];

export function incidentLayers(colour: Colour): LayerSpecification[] {
  return [
    { id: "hazards", type: "fill", source: "hazards", paint: { "fill-color": colour("severe"), "fill-opacity": ["case", ["get", "chosen"], 0.2, 0.1] } },
    { id: "hazard-edges", type: "line", source: "hazards", paint: { "line-color": colour("severe"), "line-width": 1.5, "line-dasharray": [4, 2] } },
    {
      id: "links-asked", type: "line", source: "links", filter: is("how", "asked", "seen"), layout: { "line-cap": "round" },
      paint: { "line-color": colour("people"), "line-width": 1.5, "line-dasharray": [0.5, 3], "line-opacity": 0.8 },
    },
    {
      id: "links-promised", type: "line", source: "links", filter: is("how", "promised", "stalled"),
      paint: { "line-color": byStand(colour), "line-width": 2, "line-dasharray": [3, 2] },
    },
    { id: "links-coming", type: "line", source: "links", filter: is("how", "coming"), paint: { "line-color": byStand(colour), "line-width": 3 } },
    {
      id: "incident-halo", type: "circle", source: "incidents",
      paint: {
        "circle-radius": ["case", ["get", "chosen"], 28, 20], "circle-color": bySeverity(colour), "circle-opacity": ["case", ["get", "exercise"], 0.06, 0.2],
        "circle-stroke-color": bySeverity(colour), "circle-stroke-width": ["case", ["get", "chosen"], 3, 1.5], "circle-stroke-opacity": 0.85,
      },
    },
    {
      id: "incident", type: "circle", source: "incidents",
      paint: {
        "circle-radius": 8, "circle-color": ["case", ["get", "exercise"], colour("map-halo"), bySeverity(colour)],
        "circle-stroke-color": ["case", ["get", "exercise"], bySeverity(colour), colour("map-halo")], "circle-stroke-width": 3,
      },
    },
    {
      id: "draft", type: "circle", source: "draft",
      paint: { "circle-radius": 11, "circle-color": colour("accent"), "circle-opacity": 0.35, "circle-stroke-color": colour("accent"), "circle-stroke-width": 3 },
    },
  ];
}

/** A ring around who was asked, and a sign in it; above the units, which are drawn outside the text engine. */
export function helperGlyphs(colour: Colour): LayerSpecification {
  return {
    id: "helper-glyphs", type: "symbol", source: "helpers",
    layout: {
      "text-field": ["get", "glyph"], "text-font": ["Inter", "sans-serif"], "text-size": 17, "text-offset": [0, -1],
      "text-allow-overlap": true, "text-ignore-placement": true,
    },
    paint: { "text-color": byStand(colour), "text-halo-color": colour("map-halo"), "text-halo-width": 2.5 },
  };
}
