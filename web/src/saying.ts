/** What a person says of a stop: sent to the API, and shown at once, until the row itself says so. No DOM. */
import * as api from "./api.ts";
import type { Purpose, Sayings } from "./types.ts";

/** What may be chosen; `only` leaves the purpose as it is, `rules` leaves it to the rules again. */
export type Choice = "planned" | "allowed" | "break" | "only" | "rules";

export interface Said {
  purpose: Purpose | undefined; // undefined: as the row has it
  reason: string;
  sayings: Sayings;
  at: number;
}

interface Spoken extends Sayings {
  id: string;
  purpose: Purpose;
  why: string;
  reason: string;
}

const OVERLAY_MS = 30_000; // the row follows within seconds; after this it is right, whatever it says
export const REASON_MAX = 500;

/** The row as it will be: what was said of it goes before what it still says. */
export function overlaid<T extends Spoken>(row: T, said: Said | undefined, now: number): T {
  if (!said || now - said.at > OVERLAY_MS) return row;
  const labelled = said.purpose === undefined ? {} : { purpose: said.purpose, why: "label" };
  return { ...row, reason: said.reason, ...said.sayings, ...labelled };
}

/** The part of a row that says who spoke; of a live row, which has none, nobody. */
export function sayingsOf(row: Sayings | undefined): Sayings {
  const { labelled_by = null, labelled_at = null, reason_by = null, reason_at = null } = row ?? {};
  return { labelled_by, labelled_at, reason_by, reason_at };
}

export class Saying {
  /** The form that is open, and what went wrong with it. */
  open: string | undefined;
  busy = false;
  failed = "";
  private readonly said = new Map<string, Said>();

  constructor(
    private readonly now: () => number,
    private readonly changed: () => void,
  ) {}

  toggle(form: string): void {
    this.open = this.open === form ? undefined : form;
    this.failed = "";
    this.changed();
  }

  of(dwell: string): Said | undefined {
    return this.said.get(dwell);
  }

  async send(dwell: string, choice: Choice, reason: string): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.failed = "";
    this.changed();
    try {
      const answer = choice === "only" ? await api.giveReason(dwell, reason) : await api.label(dwell, choice === "rules" ? null : choice, reason);
      const purpose = choice === "only" || choice === "rules" ? undefined : choice;
      this.said.set(dwell, { purpose, reason: answer.reason, sayings: sayingsOf(answer), at: this.now() });
      this.open = undefined;
    } catch (problem) {
      this.failed = problem instanceof api.Problem ? problem.message : String(problem);
    }
    this.busy = false;
    this.forget();
    this.changed();
  }

  private forget(): void {
    for (const [id, { at }] of this.said) if (this.now() - at > OVERLAY_MS) this.said.delete(id);
  }
}
