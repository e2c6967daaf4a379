/** What a coordinator may do with an incident and with somebody asked, as things stand. No DOM, no network. */
import { ended, stand } from "./scene.ts";
import type { Incident, Offer } from "./types.ts";

export type Act =
  | "verify" | "dispatch" | "look" | "wake" | "pause" | "resume" | "close" | "cancel" | "reopen" | "undo" | "move" | "edit"
  | "assign" | "exclude" | "include" | "merge" | "unmerge" | "distinct";
export type Word = "accept" | "accept_in" | "decline" | "decline_today" | "arrived" | "left";
export type OfferAct = Word | "lock" | "stand_down";

/** What stands there as a button at once, and what behind "more". */
export function acts(incident: Incident): { first: Act[]; more: Act[] } {
  switch (incident.status) {
    case "reported":
      return { first: ["verify", "dispatch", "look"], more: ["move", "edit", "close", "cancel", "undo"] };
    case "verified":
      return { first: ["dispatch"], more: ["move", "edit", "close", "cancel", "undo"] };
    case "closed":
    case "cancelled":
      return incident.merged_into === null ? { first: ["reopen"], more: ["undo"] } : { first: ["unmerge"], more: ["undo"] };
    default:
      return { first: [incident.paused ? "resume" : "pause", "close"], more: [...(incident.severity > 2 ? ["wake" as const] : []), "move", "edit", "cancel", "undo"] };
  }
}

/** Acts that are asked for once more: they send people home, or hide something that goes on. */
export const ASKED_ONCE: ReadonlySet<string> = new Set(["close", "cancel", "stand_down", "exclude", "merge", "decline_today", "city_pause"]);

/** What may be entered for somebody who telephones. */
export function words(offer: Offer): Word[] {
  switch (stand(offer)) {
    case "asked":
    case "seen":
      return ["accept", "accept_in", "decline", "decline_today"];
    case "promised":
    case "coming":
    case "stalled":
      return ["arrived", "decline"];
    case "there":
      return ["left"];
    case "over":
      return [];
  }
}

/** Who has a place can keep it, and can be sent home before they are there. */
export const lockable = (offer: Offer): boolean => !offer.manual && ["promised", "coming", "stalled"].includes(stand(offer));
export const standable = (offer: Offer): boolean => ["asked", "seen", "promised", "coming", "stalled"].includes(stand(offer));
export const assignable = (incident: Incident): boolean => !ended(incident);
