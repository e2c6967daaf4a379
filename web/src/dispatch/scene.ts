/** Incidents with whom they ask and why, the newest versions; from lists and from the feed. No DOM, no network. */
import type { Incident, Offer, OfferState, Plan } from "./types.ts";

export type Topic = "incident" | "offer" | "plan";

/** How a person asked stands, as it is drawn; `over` is not drawn. */
export type Stand = "asked" | "seen" | "promised" | "coming" | "stalled" | "there" | "over";

const STANDS: Record<OfferState, Stand> = {
  offered: "asked", delivered: "asked", seen: "seen", accepted: "promised", committed: "promised", en_route: "coming",
  no_progress: "stalled", arrived: "there", working: "there",
  released: "over", declined: "over", expired: "over", withdrawn: "over", stood_down: "over",
};

export const stand = (offer: Offer): Stand => STANDS[offer.state];
export const LOOK = "look"; // the need of those who go and see

const ENDED = new Set(["closed", "cancelled"]);
export const ended = (incident: Incident): boolean => ENDED.has(incident.status);

/** The people of an incident, counted. */
export interface Tally {
  wanted: number;
  promised: number;
  coming: number;
  there: number;
  asked: number;
  seen: number;
  stalled: number;
}

export class Scene {
  readonly incidents = new Map<string, Incident>();
  readonly plans = new Map<string, Plan>();
  private readonly asked = new Map<string, Map<string, Offer>>();

  /** The whole list again: what has ended and is in it no more is gone, what is newer here stays. */
  settle(rows: readonly Incident[]): void {
    const kept = new Set(rows.map((row) => row.id));
    for (const known of [...this.incidents.values()]) if (!kept.has(known.id) && ended(known)) this.drop(known.id);
    for (const row of rows) this.see(row);
  }

  /** One row as the API gives it, whole; the newest revision wins. */
  see(row: Incident): void {
    const known = this.incidents.get(row.id);
    if (!known || known.revision <= row.revision) this.incidents.set(row.id, row);
  }

  seeOffer(row: Offer): void {
    const offers = this.asked.get(row.incident) ?? new Map<string, Offer>();
    const known = offers.get(row.id);
    if (known && known.revision > row.revision) return;
    for (const others of this.asked.values()) others.delete(row.id); // a merge takes it to another incident
    offers.set(row.id, row);
    this.asked.set(row.incident, offers);
  }

  seePlan(plan: Plan): void {
    const known = this.plans.get(plan.incident);
    if (!known || Date.parse(known.at) <= Date.parse(plan.at)) this.plans.set(plan.incident, plan);
  }

  /** What the feed says. Answers the incident whose row has to be read, for an event leaves out its needs and hazard. */
  hear(topic: Topic, event: Record<string, unknown>): string | undefined {
    if (typeof event[topic === "plan" ? "incident" : "id"] !== "string") return undefined; // a newer version's, not readable here
    if (topic === "offer") this.seeOffer(event as unknown as Offer);
    else if (topic === "plan") this.seePlan(event as unknown as Plan);
    else return this.hearIncident(event);
    return undefined;
  }

  private hearIncident({ incident_kind: kind, ...event }: Record<string, unknown>): string {
    const id = String(event["id"]);
    const known = this.incidents.get(id);
    if (known && known.revision < Number(event["revision"])) this.incidents.set(id, { ...known, ...event, kind } as unknown as Incident);
    return id;
  }

  /** Those who were asked for it, in that order. */
  offers(incident: string): Offer[] {
    return [...(this.asked.get(incident)?.values() ?? [])].sort((a, b) => a.made.localeCompare(b.made) || a.id.localeCompare(b.id));
  }

  live(incident: string): Offer[] {
    return this.offers(incident).filter((offer) => stand(offer) !== "over");
  }

  tally(incident: Incident): Tally {
    const count: Tally = { wanted: 0, promised: 0, coming: 0, there: 0, asked: 0, seen: 0, stalled: 0 };
    for (const need of incident.needs) count.wanted += need.count;
    for (const offer of this.live(incident.id)) {
      const how = stand(offer);
      if (how === "over") continue;
      count[how] += 1;
      if (how === "coming" || how === "there") count.promised += 1;
      if (how === "seen") count.asked += 1;
    }
    return count;
  }

  /** Incidents that may be the same: open ones that it names, and those that name it. */
  alike(incident: Incident): Incident[] {
    const named = [...this.incidents.values()].filter((other) => incident.duplicates.includes(other.id) || other.duplicates.includes(incident.id));
    return named.filter((other) => other.id !== incident.id && !ended(other) && !ended(incident));
  }

  /** Who was merged into it. */
  merged(incident: Incident): Incident[] {
    return [...this.incidents.values()].filter((other) => other.merged_into === incident.id);
  }

  private drop(id: string): void {
    this.incidents.delete(id);
    this.plans.delete(id);
    this.asked.delete(id);
  }
}

/** Open before ended, real before exercise, the severe first, then who waits for a coordinator, then the oldest; ended: the newest. */
export function byUrgency(a: Incident, b: Incident): number {
  if (ended(a) !== ended(b)) return ended(a) ? 1 : -1;
  if (ended(a)) return (b.closed ?? b.opened).localeCompare(a.closed ?? a.opened);
  return (
    Number(a.exercise) - Number(b.exercise) ||
    b.severity - a.severity ||
    Number(b.status === "reported") - Number(a.status === "reported") ||
    Date.parse(a.opened) - Date.parse(b.opened)
  );
}

/** When somebody is expected, by what was said last: `at` ms, or undefined where nobody knows. */
export function expected(offer: Offer): number | undefined {
  const how = stand(offer);
  if (how === "there" || how === "over") return undefined;
  if (offer.eta_s === null && offer.minutes === null) return undefined;
  return Date.parse(offer.at) + Math.max(1000 * (offer.eta_s ?? 0), 60_000 * (offer.minutes ?? 0));
}

/** Those who promised: from the first to the last expected, ms; undefined where nobody comes. */
export function arrivals(offers: readonly Offer[]): [number, number] | undefined {
  const coming = offers.filter((offer) => ["promised", "coming"].includes(stand(offer)));
  const times = coming.flatMap((offer) => expected(offer) ?? []);
  return times.length ? [Math.min(...times), Math.max(...times)] : undefined;
}

/** Fields of an incident that people read, in the order in which changes of it are told. */
const TOLD = ["status", "severity", "kind", "exercise", "paused", "area", "address", "text", "needs", "hazard", "merged_into", "excluded", "verified_by"] as const;
export type Told = (typeof TOLD)[number] | "place";

/** What is different in the newer version. */
export function changes(before: Incident, after: Incident): Told[] {
  const different = TOLD.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  const moved = before.lon !== after.lon || before.lat !== after.lat;
  return moved ? ["place", ...different] : different;
}
