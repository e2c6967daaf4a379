/** The built-in map: areas and streets from the API, no tile server, no fonts from anywhere. */
import type { FilterSpecification, LayerSpecification, StyleSpecification } from "maplibre-gl";

import { helperGlyphs, incidentLayers } from "./incidentstyle.ts";

/** One colour of the theme: the style sheet is the only place that names colours. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || "#888888";

const FONT = ["Inter", "sans-serif"];
const NOTHING: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Sources of our own, in whatever style lies below. */
export const SOURCES = ["areas", "area-names", "streets", "places", "trail", "stops", "reach", "hazards", "links", "incidents", "helpers", "draft", "calls", "names"] as const;

export function emptyStyle(): StyleSpecification {
  return { version: 8, sources: {}, layers: [background()] };
}

function background(): LayerSpecification {
  return { id: "sea", type: "background", paint: { "background-color": colour("map-sea") } };
}

export const source = () => ({ type: "geojson" as const, data: NOTHING });

/** Our layers from bottom to top. Over somebody's base map the land is not painted, only outlined. */
export function layers(overBase: boolean): LayerSpecification[] {
  const ground = overBase ? [] : land();
  return [...ground, ...areaLines(overBase), ...places(), ...trail(), ...dispatch(), ...calls()];
}

/** Text goes above the units, so these are added after them. */
export function textLayers(): LayerSpecification[] {
  return [areaNames(), placeNames(), incidentNames(), callNames(), unitNames("names", false), unitNames("names-strong", true), helperGlyphs(colour), obstacles()];
}

function land(): LayerSpecification[] {
  const width = (thin: number, wide: number): unknown => [
    "interpolate", ["exponential", 1.5], ["zoom"],
    11, ["match", ["coalesce", ["get", "rank"], 2], 1, wide * 0.5, thin * 0.45],
    14, ["match", ["coalesce", ["get", "rank"], 2], 1, wide * 1.5, thin * 1.4],
    18, ["match", ["coalesce", ["get", "rank"], 2], 1, wide * 10, thin * 9],
  ];
  return [
    background(),
    { id: "land", type: "fill", source: "areas", paint: { "fill-color": colour("map-land"), "fill-antialias": false } },
    {
      id: "streets", type: "line", source: "streets",
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colour("map-street"), "line-width": width(1, 1.8) as number },
    },
  ];
}

function areaLines(overBase: boolean): LayerSpecification[] {
  return [
    {
      id: "area-edges", type: "line", source: "areas",
      layout: { "line-join": "round" },
      paint: {
        "line-color": colour("map-edge"), "line-dasharray": [3, 2], "line-opacity": overBase ? 0.7 : 1,
        "line-width": ["interpolate", ["linear"], ["zoom"], 10, 0.5, 15, 1.2],
      },
    },
  ];
}

const MANY = ["in", ["get", "kind"], ["literal", ["service_point", "break", "other"]]];

/** Known places: the many service points only from near, depot and landfill from afar and by name. */
function places(): LayerSpecification[] {
  return [
    {
      id: "places-many", type: "circle", source: "places", minzoom: 12.5, filter: MANY as FilterSpecification,
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 12.5, 1.5, 17, 5], "circle-color": colour("map-place"),
        "circle-opacity": 0.9,
      },
    },
    {
      id: "places-few-marks", type: "circle", source: "places", filter: ["!", MANY] as FilterSpecification,
      paint: {
        "circle-radius": 4.5, "circle-color": colour("map-halo"), "circle-stroke-color": colour("map-place-text"),
        "circle-stroke-width": 2,
      },
    },
  ];
}

function trail(): LayerSpecification[] {
  const width = ["interpolate", ["linear"], ["zoom"], 11, 2.5, 16, 5] as unknown as number;
  return [
    {
      id: "trail-case", type: "line", source: "trail", filter: ["==", ["get", "gap"], false],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colour("map-halo"), "line-width": ["interpolate", ["linear"], ["zoom"], 11, 4.5, 16, 8] },
    },
    {
      id: "trail", type: "line", source: "trail", filter: ["==", ["get", "gap"], false],
      layout: { "line-cap": "round", "line-join": "round" },
      paint: { "line-color": colour("trail"), "line-width": width, "line-opacity": ["get", "fresh"] },
    },
    {
      id: "trail-gap", type: "line", source: "trail", filter: ["==", ["get", "gap"], true],
      paint: { "line-color": colour("silent"), "line-width": 1.5, "line-dasharray": [2, 3] },
    },
    {
      id: "stops", type: "circle", source: "stops",
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["get", "minutes"], 1, 5, 30, 9, 120, 13],
        "circle-color": colour("stopped"), "circle-opacity": 0.25,
        "circle-stroke-color": ["case", ["get", "alert"], colour("alert"), colour("stopped")], "circle-stroke-width": 1.75,
      },
    },
    {
      id: "stop-names", type: "symbol", source: "stops", minzoom: 12,
      layout: {
        "text-field": ["get", "label"], "text-font": FONT, "text-size": 11, "text-offset": [0, 1.3], "text-anchor": "top",
        "text-optional": true,
      },
      paint: { "text-color": colour("text"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.5 },
    },
  ];
}

function dispatch(): LayerSpecification[] {
  return [
    {
      id: "reach", type: "fill", source: "reach",
      paint: { "fill-color": colour("text"), "fill-opacity": 0.1, "fill-outline-color": colour("muted") },
    },
    ...incidentLayers(colour),
  ];
}

function calls(): LayerSpecification[] {
  return [
    {
      id: "call-halo", type: "circle", source: "calls",
      paint: {
        "circle-radius": 26, "circle-color": colour("alert"), "circle-opacity": 0.22,
        "circle-stroke-color": colour("alert"), "circle-stroke-width": 3,
      },
    },
    {
      id: "call", type: "circle", source: "calls",
      paint: {
        "circle-radius": 5, "circle-color": colour("alert"),
        "circle-stroke-color": colour("map-halo"), "circle-stroke-width": 2,
      },
    },
  ];
}

function callNames(): LayerSpecification {
  return {
    id: "call-names", type: "symbol", source: "calls",
    layout: {
      "text-field": ["get", "label"], "text-font": FONT, "text-size": 14, "text-offset": [0, -2.1],
      "text-anchor": "bottom", "text-allow-overlap": true, "text-ignore-placement": true,
    },
    paint: { "text-color": colour("alert-text"), "text-halo-color": colour("map-halo"), "text-halo-width": 2.5 },
  };
}

/** Units are drawn outside the text engine; an unseen icon keeps other names from being written over them. */
function obstacles(): LayerSpecification {
  return {
    id: "obstacles", type: "symbol", source: "names",
    layout: { "icon-image": "obstacle", "icon-allow-overlap": true, "icon-padding": 0 },
  };
}

function areaNames(): LayerSpecification {
  return {
    id: "area-names", type: "symbol", source: "area-names", minzoom: 10.9,
    layout: {
      "text-field": ["get", "name"], "text-font": FONT, "text-max-width": 7, "text-letter-spacing": 0.04,
      "text-size": ["interpolate", ["linear"], ["zoom"], 11, 10, 15, 13], "text-padding": 8,
    },
    paint: { "text-color": colour("map-label"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.2 },
  };
}

function placeNames(): LayerSpecification {
  return {
    id: "place-names", type: "symbol", source: "places", filter: ["!", MANY] as FilterSpecification,
    layout: { "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "text-offset": [0, 0.6], "text-anchor": "top" },
    paint: { "text-color": colour("map-place-text"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.4 },
  };
}

function incidentNames(): LayerSpecification {
  return {
    id: "incident-names", type: "symbol", source: "incidents",
    layout: {
      "text-field": ["get", "label"], "text-font": FONT, "text-size": 13, "text-offset": [0, 1.9], "text-anchor": "top",
      "text-allow-overlap": true,
    },
    paint: { "text-color": colour("incident-text"), "text-halo-color": colour("map-halo"), "text-halo-width": 2 },
  };
}

function unitNames(id: string, strong: boolean): LayerSpecification {
  return {
    id, type: "symbol", source: "names", filter: ["==", ["get", "strong"], strong], ...(strong ? {} : { minzoom: 13 }),
    layout: {
      "text-field": ["get", "label"], "text-font": FONT, "text-size": strong ? 12.5 : 11,
      "text-offset": [0, strong ? 1.5 : 1.25], "text-anchor": "top", "text-padding": 1,
      "text-allow-overlap": strong, "text-ignore-placement": strong,
    },
    paint: {
      "text-color": strong ? colour("text") : colour("muted"), "text-halo-color": colour("map-halo"), "text-halo-width": 1.6,
    },
  };
}
