/** Incidents and who was asked for them, as features of the map. Pure. */
import { stand, type Stand } from "../dispatch/scene.ts";
import type { Incident, Offer, Plan } from "../dispatch/types.ts";

type Features = GeoJSON.FeatureCollection;
type At = { lon: number; lat: number };

export interface Mark extends At, Pick<Incident, "id" | "severity" | "exercise" | "hazard"> {
  label: string;
  chosen: boolean;
}

/** A person who was asked: where they are, where they are wanted, how they stand. */
export interface Helper {
  from: At;
  to: At;
  how: Stand;
  chosen: boolean;
}

/** Those of one incident whose place is known: by the live feed, else as the newest plan saw them. */
export function helpers(offers: readonly Offer[], to: At, plan: Plan | undefined, chosen: boolean, live: (device: string) => At | undefined): Helper[] {
  const seen = new Map([...(plan?.chosen ?? []), ...(plan?.others ?? [])].map((each) => [each.device, each]));
  return offers.flatMap((offer): Helper[] => {
    const from = live(offer.device) ?? seen.get(offer.device);
    return from ? [{ from, to, how: stand(offer), chosen }] : [];
  });
}

export function incidentMarks(marks: readonly Mark[], exercise: string): { points: Features; grounds: Features } {
  const points = marks.map((each): GeoJSON.Feature => ({
    type: "Feature",
    properties: { label: each.exercise ? `${exercise}\n${each.label}` : each.label, severity: each.severity, exercise: each.exercise, chosen: each.chosen },
    geometry: { type: "Point", coordinates: [each.lon, each.lat] },
  }));
  const grounds = marks.flatMap((each): GeoJSON.Feature[] =>
    each.hazard ? [{ type: "Feature", properties: { exercise: each.exercise, chosen: each.chosen }, geometry: each.hazard }] : [],
  );
  return { points: collection(points), grounds: collection(grounds) };
}

export const GLYPHS: Record<Stand, string> = { asked: "?", seen: "◉", promised: "✓", coming: "➤", stalled: "!", there: "■", over: "" };

export const helperMarks = (people: readonly Helper[]): Features =>
  collection(people.map(({ from, how, chosen }) => ({
    type: "Feature", properties: { how, chosen, glyph: GLYPHS[how] }, geometry: { type: "Point", coordinates: [from.lon, from.lat] },
  })));

/** Who is there needs no line any more. */
export const links = (people: readonly Helper[]): Features =>
  collection(people.filter(({ how }) => how !== "there").map(({ from, to, how, chosen }) => ({
    type: "Feature", properties: { how, chosen }, geometry: { type: "LineString", coordinates: [[from.lon, from.lat], [to.lon, to.lat]] },
  })));

const collection = (features: GeoJSON.Feature[]): Features => ({ type: "FeatureCollection", features });
