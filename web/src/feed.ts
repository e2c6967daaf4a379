/**
 * Events by SSE: they tell which list is out of date. What is shown is read again from the API, but for a call for
 * help, which cannot wait for that.
 */
import type { AlertEvent } from "./types.ts";

export type Topic = "dwell" | "alert" | "incident" | "plan";
const TOPICS: readonly Topic[] = ["dwell", "alert", "incident", "plan"];

export class Feed {
  private source: EventSource | undefined;
  private retry = 0;
  healthy = false;

  constructor(
    private readonly changed: (topic: Topic) => void,
    private readonly returned: () => void,
    private readonly alert: (event: AlertEvent) => void,
  ) {}

  open(): void {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource(new URL("api/v1/events?kind=dwell,alert,incident,plan", document.baseURI));
    this.source = source;
    source.onopen = () => {
      if (!this.healthy) this.returned(); // whatever happened meanwhile: read the lists again
      this.healthy = true;
    };
    source.onerror = () => {
      this.healthy = false;
      // The browser retries a broken stream by itself, but gives up on an HTTP error.
      if (source.readyState === EventSource.CLOSED) this.retry = window.setTimeout(() => this.open(), 5000);
    };
    source.addEventListener("alert", ({ data }) => this.alert(JSON.parse(data as string) as AlertEvent));
    for (const topic of TOPICS) source.addEventListener(topic, () => this.changed(topic));
  }

  close(): void {
    clearTimeout(this.retry);
    this.source?.close();
  }
}
