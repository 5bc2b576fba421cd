/** The stores follow the address bar. */
import { effect, untracked } from "@preact/signals";
import { followFeed } from "../live/feed";
import { followPresence } from "../live/presence";
import { disconnect } from "../live/socket";
import * as composer from "./composer";
import { showCustomer } from "./customer";
import { learnNames } from "./directory";
import { keepAll } from "./draft";
import * as list from "./list";
import { drawer } from "./room";
import { route } from "./route";
import { me } from "./session";
import * as thread from "./thread";
import { sayWhy } from "./toasts";

let started = false;

/** Somebody is signed in: learn the names, follow the feed and the route. Ends when they leave. */
export function enterDesk(): () => void {
  void learnNames().catch(sayWhy);
  void list.count();
  followFeed();
  if (!started) begin();
  started = true;
  return disconnect;
}

function begin(): void {
  followPresence();
  addEventListener("pagehide", keepAll);
  effect(followList);
  effect(followConversation);
  effect(followCustomer);
  effect(followTitle);
}

let shown = "";

function followList(): void {
  const here = route.value;
  const known = !!me.value;
  if (here.page !== "inbox" || !known) return;
  untracked(() => {
    if (here.view !== shown) void list.showView(here.view);
    shown = here.view;
  });
}

function followConversation(): void {
  const here = route.value;
  if (!me.value) return;
  const conversation = here.page === "inbox" ? here.conversation : null;
  const compose = here.page === "inbox" && here.compose;
  untracked(() => {
    if (conversation) list.selected.value = conversation;
    drawer.value = false;
    void thread.open(conversation);
    void composer.visit(conversation ?? "new");
    if (compose) composer.write("new");
  });
}

function followCustomer(): void {
  const here = route.value;
  if (!me.value) return;
  const id = here.page === "inbox" ? (thread.row.value?.customer ?? null) : here.page === "customer" || here.page === "history" ? here.id : null;
  untracked(() => void showCustomer(id));
}

function followTitle(): void {
  const waiting = list.counters.value?.mine ?? 0;
  const subject = thread.row.value?.subject;
  document.title = `${waiting ? `(${waiting}) ` : ""}${subject ? `${subject} · ` : ""}Amends`;
}
