/** The last two hours of one device as lines: what was heard is solid, what was not is dashed. Pure. */

export interface Fix {
  time: number;
  lon: number;
  lat: number;
  speed: number | null;
}

export const TRAIL_MS = 2 * 3600_000;

/** Longer than this between two fixes is a gap and is drawn as one. Phones report by distance, so they pause longer. */
export const gapAfterMs = (cls: string): number => (cls === "phone" ? 900_000 : 180_000);

/** Fixes from the API's GeoJSON: one point a feature, or one line with a list of times. */
export function fixesOf(collection: GeoJSON.FeatureCollection): Fix[] {
  const fixes = collection.features.flatMap((feature): Fix[] => {
    const of = feature.properties ?? {};
    const geometry = feature.geometry;
    if (geometry?.type === "Point") return [fix(geometry.coordinates, of["time"], of["speed"])];
    if (geometry?.type !== "LineString") return [];
    const times = (of["times"] ?? of["coordTimes"] ?? []) as unknown[];
    const speeds = (of["speeds"] ?? []) as unknown[];
    return geometry.coordinates.map((point, i) => fix(point, times[i], speeds[i]));
  });
  return fixes.filter((each) => Number.isFinite(each.time)).sort((a, b) => a.time - b.time);
}

function fix(point: number[], time: unknown, speed: unknown): Fix {
  return { time: instant(time), lon: point[0] ?? 0, lat: point[1] ?? 0, speed: typeof speed === "number" ? speed : null };
}

const instant = (time: unknown): number => (typeof time === "number" ? time : Date.parse(String(time)));

/** Solid pieces fade with age in a few steps, so that direction can be read; gaps are pieces of their own. */
export function trailLines(fixes: readonly Fix[], now: number, gapMs: number): GeoJSON.FeatureCollection {
  const features: GeoJSON.Feature[] = [];
  let run: number[][] = [];
  let freshness = 0;
  const flush = (): void => {
    if (run.length > 1) features.push(line(run, { gap: false, fresh: freshness }));
  };
  fixes.forEach((each, i) => {
    const before = fixes[i - 1];
    const here = [each.lon, each.lat];
    const fresh = step(each.time, now);
    const gap = before !== undefined && each.time - before.time > gapMs;
    if (before && (gap || fresh !== freshness)) {
      flush();
      const there = [before.lon, before.lat];
      if (gap) features.push(line([there, here], { gap: true, fresh }));
      run = gap ? [] : [there];
    }
    freshness = fresh;
    run.push(here);
  });
  flush();
  return { type: "FeatureCollection", features };
}

const line = (coordinates: number[][], properties: object): GeoJSON.Feature => ({
  type: "Feature",
  properties,
  geometry: { type: "LineString", coordinates },
});

function step(time: number, now: number): number {
  const age = Math.min(1, Math.max(0, (now - time) / TRAIL_MS));
  return Math.round((1 - age * 0.75) * 8) / 8;
}

export interface Span {
  from: number;
  to: number;
  kind: "moving" | "stopped" | "asleep" | "silent"; // asleep: a stop of which this part was not heard
}

/** The same two hours as a strip of time: stops where the engine saw them, silence where nothing was heard. */
export function strip(
  fixes: readonly Fix[],
  stops: readonly { start: number; end: number }[],
  from: number,
  to: number,
  gapMs: number,
): Span[] {
  const spans: Span[] = [];
  const add = (a: number, b: number, kind: Span["kind"]): void => {
    const last = spans.at(-1);
    if (b <= a) return;
    if (last && last.kind === kind && last.to === a) last.to = b;
    else spans.push({ from: a, to: b, kind });
  };
  const heard = [...fixes.map((each) => each.time).filter((t) => t > from && t <= to)];
  let previous = from;
  for (const time of [...heard, to]) {
    const unheard = time - previous > gapMs;
    split(previous, time, stops, add, unheard ? ["silent", "asleep"] : ["moving", "stopped"]);
    previous = time;
  }
  return spans;
}

function split(
  a: number,
  b: number,
  stops: readonly { start: number; end: number }[],
  add: (a: number, b: number, kind: Span["kind"]) => void,
  [outside, inside]: [Span["kind"], Span["kind"]],
): void {
  let at = a;
  for (const stop of stops) {
    if (stop.end <= at || stop.start >= b) continue;
    add(at, Math.max(at, stop.start), outside);
    at = Math.max(at, stop.start);
    add(at, Math.min(b, stop.end), inside);
    at = Math.min(b, stop.end);
  }
  add(at, b, outside);
}

/** A circle on the ground, for the accuracy of a position. */
export function circle(lon: number, lat: number, radiusM: number): GeoJSON.Feature {
  const dLat = radiusM / 110_574;
  const dLon = radiusM / (111_320 * Math.cos((lat * Math.PI) / 180));
  const ring = Array.from({ length: 49 }, (_, i) => {
    const angle = (i / 48) * 2 * Math.PI;
    return [lon + dLon * Math.cos(angle), lat + dLat * Math.sin(angle)];
  });
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

/** Metres between two places of a city, as the crow flies. */
export function away(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const east = (b.lon - a.lon) * 111_320 * Math.cos((((a.lat + b.lat) / 2) * Math.PI) / 180);
  return Math.hypot(east, (b.lat - a.lat) * 110_574);
}
