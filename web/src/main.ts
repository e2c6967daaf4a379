/** Where the console starts: at the door, or at the desk. */
import "./styles/index.css";
import * as api from "./api.ts";
import { Desk } from "./desk.ts";
import { kept } from "./keep.ts";
import { signIn, type Trouble } from "./ui/signin.ts";
import { preferredLanguage, switchLanguage, useLanguage } from "./words/index.ts";

const RETRY_MS = 3000;

async function start(linkFailed: boolean): Promise<void> {
  try {
    const me = await api.me();
    useLanguage(preferredLanguage(me.language));
    new Desk(me, await api.bootstrap(), () => door(undefined)).open();
  } catch (problem) {
    const status = problem instanceof api.Problem ? problem.status : 0;
    door(status === 401 ? (linkFailed ? "used" : undefined) : status === 403 ? "forbidden" : "unreachable");
    if (status !== 401 && status !== 403) setTimeout(() => void start(linkFailed), RETRY_MS);
  }
}

function door(trouble: Trouble): void {
  const again = (): void => {
    switchLanguage();
    door(trouble);
  };
  document.body.replaceChildren(signIn(trouble, again));
}

document.documentElement.dataset["theme"] = kept("theme") ?? "dark";
useLanguage(preferredLanguage(undefined));
const linkFailed = new URLSearchParams(location.search).has("sign-in");
if (linkFailed) history.replaceState(null, "", location.pathname);
void start(linkFailed);
