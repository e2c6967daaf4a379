/**
 * Events by SSE: they tell which list is out of date. What is shown is read again from the API, but for a call for
 * help and what becomes of incidents, which cannot wait for that.
 */
import type { Topic as DispatchTopic } from "./dispatch/scene.ts";
import type { AlertEvent } from "./types.ts";

export type Topic = "dwell" | "alert";
const TOPICS: readonly Topic[] = ["dwell", "alert"];
const TOLD: readonly DispatchTopic[] = ["incident", "offer", "plan"];

export class Feed {
  private source: EventSource | undefined;
  private retry = 0;
  healthy = false;

  constructor(
    private readonly changed: (topic: Topic) => void,
    private readonly returned: () => void,
    private readonly alert: (event: AlertEvent) => void,
    private readonly told: (topic: DispatchTopic, event: Record<string, unknown>) => void,
  ) {}

  open(): void {
    clearTimeout(this.retry);
    this.source?.close();
    const source = new EventSource(new URL("api/v1/events?kind=dwell,alert,incident,offer,plan", document.baseURI));
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
    for (const topic of TOLD) source.addEventListener(topic, ({ data }) => this.told(topic, JSON.parse(data as string) as Record<string, unknown>));
    for (const topic of TOPICS) source.addEventListener(topic, () => this.changed(topic));
  }

  close(): void {
    clearTimeout(this.retry);
    this.source?.close();
  }
}
