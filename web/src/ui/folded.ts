/** A list that shows its first rows, and the others when somebody asks for them. */
import { w } from "../words/index.ts";
import { KeyedList, attr, h, show, text, type Row } from "./dom.ts";

export class Folded<T> {
  readonly node: HTMLElement;
  private readonly list: KeyedList<T>;
  private readonly toggle = h("button", { class: "link-button more", attrs: { type: "button" }, on: { click: () => this.turn() } });
  private items: readonly T[] = [];
  private whole = false;

  constructor(
    private readonly least: number,
    list: HTMLElement,
    key: (item: T) => string,
    create: (item: T) => Row<T>,
  ) {
    this.list = new KeyedList(list, key, create);
    this.node = h("div", { class: "folded" }, list, this.toggle);
  }

  render(items: readonly T[]): void {
    this.items = items;
    const rest = items.length - this.least;
    this.list.render(this.whole ? items : items.slice(0, this.least));
    text(this.toggle, this.whole ? w().rounds.fewer : w().rounds.more(rest));
    attr(this.toggle, "aria-expanded", String(this.whole));
    show(this.toggle, rest > 0);
  }

  private turn(): void {
    this.whole = !this.whole;
    this.render(this.items);
  }
}
