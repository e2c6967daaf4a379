/** Which alerts wait for somebody, and how loudly. No DOM, no network. */
import type { Alert, Unit } from "./types.ts";

const RULE_MS = 12 * 3600_000; // a rule's alert whose fact the page cannot see is not shown for longer than a shift
const SPEEDING_MS = 900_000; // who was too fast is not so for long

const told = (alert: Alert): number => Date.parse(alert.at);

/** Raised and not acknowledged, the newest first; calls for help have a place of their own. */
export function waiting(alerts: readonly Alert[]): Alert[] {
  const raised = alerts.filter((alert) => alert.state === "raised" && alert.kind !== "sos");
  return raised.sort((a, b) => Date.parse(b.raised) - Date.parse(a.raised));
}

/**
 * Whether what an alert is about still goes on. Of a stop and a silence the live row tells; of a visit, and of who stays
 * away, the page sees nothing, so its alert stands until somebody takes it. `fact` is what its rule watches.
 */
export function lasts(alert: Alert, unit: Unit | undefined, now: number, fact?: string): boolean {
  if (alert.dwell !== null) return unit?.dwell?.id === alert.dwell && (alert.kind === "rule" || unit.alert);
  if (fact === "silence" && unit && unit.time > told(alert)) return false;
  return alert.kind === "rule" && now - told(alert) < (fact === "speeding" ? SPEEDING_MS : RULE_MS);
}

/** One alert for each cause: of those of a thread the one told most urgently, a rule's before the limit's. */
export function onePerThread(alerts: readonly Alert[]): Alert[] {
  const best = new Map<string, Alert>();
  for (const alert of alerts) {
    const key = alert.thread ?? alert.id;
    const other = best.get(key);
    if (!other || urgency(alert) > urgency(other)) best.set(key, alert);
  }
  return alerts.filter((alert) => best.get(alert.thread ?? alert.id) === alert);
}

const urgency = (alert: Alert): number => 2 * alert.level + (alert.kind === "rule" ? 1 : 0);
