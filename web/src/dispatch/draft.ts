/** A new incident as it is being typed: kept until it is in, whatever happens to the page around it. */
import type { Opening } from "./api.ts";
import type { HazardKind, Need } from "./types.ts";

export class Draft {
  kind = "";
  severity = 2;
  text = "";
  address = "";
  exercise = false;
  place: [lon: number, lat: number] | undefined;
  area = "";
  /** Set once somebody changed what the kind usually needs. */
  needs: Need[] | undefined;

  clear(): void {
    Object.assign(this, new Draft());
  }

  put(lon: number, lat: number, area = ""): void {
    this.place = [lon, lat];
    this.area = area;
  }

  choose(kind: string): void {
    this.kind = kind;
    this.needs = undefined;
  }

  /** What will be asked for: the usual of the kind, or what somebody made of it. */
  wanted(kinds: readonly HazardKind[]): Need[] {
    return this.needs ?? kinds.find((each) => each.kind === this.kind)?.needs ?? [];
  }

  count(kinds: readonly HazardKind[], index: number, count: number): void {
    this.needs = this.wanted(kinds).map((need, i) => (i === index ? { ...need, count } : need));
  }

  get ready(): boolean {
    return this.kind !== "" && this.place !== undefined;
  }

  body(): Opening {
    const [lon, lat] = this.place ?? [NaN, NaN];
    const needs = this.needs?.filter((need) => need.count > 0);
    return {
      kind: this.kind, lon, lat, severity: this.severity, text: this.text.trim(), exercise: this.exercise,
      ...(this.area ? { area: this.area } : {}), ...(this.address.trim() ? { address: this.address.trim() } : {}),
      ...(needs?.length ? { needs } : {}),
    };
  }
}
