/** The few helpers that stand in for a framework. */

type Listeners = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

interface Props {
  class?: string;
  text?: string;
  title?: string;
  on?: Listeners;
  attrs?: Record<string, string | number | boolean | undefined>;
}

type Child = Node | string | null | undefined | false;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  if (props.class) node.className = props.class;
  if (props.text !== undefined) node.textContent = props.text;
  if (props.title) node.title = props.title;
  for (const [name, value] of Object.entries(props.attrs ?? {})) attr(node, name, value);
  for (const [name, listener] of Object.entries(props.on ?? {})) node.addEventListener(name, listener as EventListener);
  node.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets or removes an attribute; touches the document only when something changes. */
export function attr(node: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === undefined || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

export function text(node: Element, value: string): void {
  if (node.textContent !== value) node.textContent = value;
}

export function show(node: HTMLElement, visible: boolean): void {
  if (node.hidden === visible) node.hidden = !visible;
}

/** Whether a page lies over panel and map, as on a phone. */
export const coversMap = (): boolean => matchMedia("(max-width: 760px)").matches;

export interface Row<T> {
  node: HTMLElement;
  update(item: T): void;
}

/** A list that keeps each item's element, so that focus and scrolling survive every refresh. */
export class KeyedList<T> {
  private rows = new Map<string, Row<T>>();

  constructor(
    readonly node: HTMLElement,
    private readonly key: (item: T) => string,
    private readonly create: (item: T) => Row<T>,
  ) {}

  render(items: readonly T[]): void {
    const focused = this.node.contains(document.activeElement) ? (document.activeElement as HTMLElement) : undefined;
    const keys = new Set(items.map(this.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      row.node.remove();
      this.rows.delete(key);
    }
    let cursor: ChildNode | null = this.node.firstChild;
    for (const item of items) {
      const row = this.row(item);
      row.update(item);
      if (cursor === row.node) cursor = cursor.nextSibling;
      else this.node.insertBefore(row.node, cursor);
    }
    if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  }

  private row(item: T): Row<T> {
    const key = this.key(item);
    const row = this.rows.get(key) ?? this.create(item);
    this.rows.set(key, row);
    return row;
  }
}

/** Up and down move between rows, as in any list. */
export function walk(list: HTMLElement, event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const rows = [...list.querySelectorAll<HTMLElement>(".row")];
  const at = rows.findIndex((row) => row.parentElement?.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  event.preventDefault();
}
