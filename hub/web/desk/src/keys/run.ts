/** What each shortcut does, and when it can be done. */
import * as actions from "../state/actions";
import * as composer from "../state/composer";
import * as layers from "../state/layers";
import * as list from "../state/list";
import * as prefs from "../state/prefs";
import { toggleContext, twoPanes } from "../state/room";
import { go, pathOf, pathOfView, route } from "../state/route";
import { canAudit, canWrite, isAdmin, signOut } from "../state/session";
import * as thread from "../state/thread";
import type { ViewName } from "../api/types";
import { TABLE, type ActionId, type Shortcut } from "./table";

/** The conversation an action is about: the open one, else the selected one. */
export function subject(): string | null {
  const here = route.value;
  if (here.page !== "inbox") return null;
  return here.conversation ?? list.selected.value;
}

const about = (act: (conversation: string) => unknown) => () => {
  const conversation = subject();
  if (conversation) act(conversation);
};
const view = (name: ViewName) => () => go(pathOfView(name));
const here = (): ViewName => (route.value.page === "inbox" ? route.value.view : "open");

function step(by: 1 | -1): void {
  const rows = list.rows.value;
  const at = rows.findIndex((row) => row.conversation === (list.selected.value ?? subject()));
  const next = rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))];
  if (!next) return;
  list.selected.value = next.conversation;
  if (thread.id.value && twoPanes.value) go(pathOf(here(), next.conversation), true);
  document.getElementById(`row-${next.conversation}`)?.scrollIntoView({ block: "nearest" });
}

function stepMessage(by: 1 | -1): void {
  const messages = [...document.querySelectorAll<HTMLElement>("[data-entry]")];
  const at = messages.findIndex((one) => one === document.activeElement);
  const next = messages[at < 0 ? (by > 0 ? 0 : messages.length - 1) : at + by];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: "start", behavior: "smooth" });
}

/** Until when keys are swallowed, ms since 1970: the composer that was asked for is not open yet, and what is typed is no order. */
export const swallow = { until: 0 };

function writeAfterOpening(mode: "reply" | "reply_all" | "forward" | "note"): void {
  const conversation = subject();
  if (!conversation) return;
  go(pathOf(here(), conversation));
  swallow.until = Date.now() + 3000;
  // A conversation that is only selected is read first.
  const stop = thread.answer.subscribe((answer) => {
    if (answer?.row.conversation !== conversation) return;
    queueMicrotask(() => stop());
    swallow.until = 0;
    composer.write(mode);
  });
}

export const RUN: Record<ActionId, () => void> = {
  next: () => step(1),
  previous: () => step(-1),
  open: about((conversation) => go(pathOf(here(), conversation))),
  back: () => go(pathOfView(here())),
  refresh: () => { list.settle(); void list.reload(); },
  nextMessage: () => stepMessage(1),
  previousMessage: () => stepMessage(-1),
  reply: () => writeAfterOpening("reply"),
  replyAll: () => writeAfterOpening("reply_all"),
  forward: () => writeAfterOpening("forward"),
  note: () => writeAfterOpening("note"),
  compose: () => go(pathOf(here(), "new")),
  assignMe: about(actions.assignMe),
  assign: about((conversation) => layers.open({ kind: "assign", conversation })),
  snooze: about((conversation) => layers.open({ kind: "snooze", conversation })),
  resolve: about(actions.resolve),
  reopen: about(actions.reopen),
  tag: about((conversation) => layers.open({ kind: "tag", conversation })),
  complaint: about(actions.toggleComplaint),
  spam: about(actions.toggleSpam),
  copyLink: about(actions.copyLink),
  goMine: view("mine"),
  goUnassigned: view("unassigned"),
  goOpen: view("open"),
  goComplaints: view("complaints"),
  goSnoozed: view("snoozed"),
  goResolved: view("resolved"),
  goSpam: view("spam"),
  goParked: view("parked"),
  goSaved: () => go("/saved-replies"),
  goAgents: () => go("/agents"),
  customer: about((conversation) => go(`/customers/${actions.rowOf(conversation)?.customer ?? ""}`)),
  history: about((conversation) => go(`/customers/${actions.rowOf(conversation)?.customer ?? ""}/history`)),
  search: goSearch,
  palette: () => layers.open({ kind: "palette" }),
  cheatsheet: () => layers.open({ kind: "cheatsheet" }),
  context: toggleContext,
  system: () => { prefs.system.value = !prefs.system.value; },
  theme: prefs.otherTheme,
  language: prefs.otherLanguage,
  shortcuts: () => { prefs.shortcuts.value = !prefs.shortcuts.value; },
  signOut: () => void signOut(),
};

function goSearch(): void {
  if (route.value.page === "search") document.getElementById("search-field")?.focus();
  else go("/search");
}

/** Whether this can be done here by this person. */
export function can(shortcut: Shortcut): boolean {
  if (shortcut.writes && !canWrite.value) return false;
  if (shortcut.id === "history") return canAudit.value && subject() !== null;
  if (shortcut.id === "goAgents") return isAdmin.value;
  if (shortcut.id === "goSaved") return canWrite.value;
  if (shortcut.where === "inbox") return route.value.page === "inbox";
  return shortcut.where === "anywhere" || subject() !== null;
}

export const possible = (): Shortcut[] => TABLE.filter(can);
