/** What a visitor without a credential sees: how to come in. Holds no data. */
import { w } from "../words/index.ts";
import { h, show, text } from "./dom.ts";
import { mark } from "./topbar.ts";

export type Trouble = "used" | "unreachable" | "forbidden" | undefined;

/** The secret of a pasted link, or the bare secret. */
export function secretOf(pasted: string): string {
  const link = /[?&]token=([\w-]+)/.exec(pasted);
  return link?.[1] ?? pasted.trim();
}

export function signIn(trouble: Trouble, switchLanguage: () => void): HTMLElement {
  const words = w().signin;
  const field = h("input", { attrs: { type: "password", name: "token", autocomplete: "off", spellcheck: false, id: "link" } });
  const wrong = h("p", { class: "wrong", attrs: { role: "alert" } });
  const form = h(
    "form",
    {
      on: {
        submit: (event) => {
          event.preventDefault();
          const secret = secretOf(field.value);
          if (secret) location.assign(`?token=${encodeURIComponent(secret)}`);
          else say(words.empty);
        },
      },
    },
    h("label", { text: words.paste, attrs: { for: "link" } }),
    h("div", { class: "paste" }, field, h("button", { class: "primary", text: words.go, attrs: { type: "submit" } })),
  );
  const say = (what: string): void => {
    text(wrong, what);
    show(wrong, what !== "");
  };
  say(trouble ? words[trouble] : "");
  const other = w().otherLanguage;
  return h(
    "main",
    { class: "signin" },
    h(
      "section",
      {},
      h("div", { class: "brand" }, mark(), h("strong", { text: w().product })),
      h("p", { class: "tagline", text: w().tagline }),
      h("h1", { text: words.title }),
      wrong,
      h("p", { class: "lead", text: words.lead }),
      h("ol", {}, ...words.how.map((line) => h("li", { text: line }))),
      form,
      h("button", { class: "plain lang", text: other.label, attrs: { type: "button", lang: other.code }, on: { click: switchLanguage } }),
    ),
  );
}
