/** What a rep does to a conversation: shown at once, taken back with the reason when the hub says no. */
import * as calls from "../api/calls";
import type { Done, Row } from "../api/types";
import { lang, t } from "../i18n";
import { moment } from "../logic/times";
import { refreshCustomer } from "./customer";
import { agentName } from "./directory";
import * as list from "./list";
import { twoPanes } from "./room";
import { go, pathOf, pathOfView, route } from "./route";
import { me } from "./session";
import * as thread from "./thread";
import { say, sayWhy } from "./toasts";

interface Act {
  conversation: string;
  change: Partial<Row>;
  order: () => Promise<Done>;
  said: string | ((done: Done) => string);
  /** It leaves the view at hand: the list closes the gap and the next one opens. */
  leaves?: boolean;
  undo?: () => Promise<Done>;
}

export function rowOf(conversation: string): Row | null {
  return list.rows.value.find((row) => row.conversation === conversation) ?? (thread.row.value?.conversation === conversation ? thread.row.value : null);
}

async function act(what: Act): Promise<void> {
  const before = rowOf(what.conversation);
  list.patchRow(what.conversation, what.change);
  thread.patch(what.conversation, what.change);
  const order = what.order();
  list.follow(order);
  if (what.leaves) moveOn(what.conversation, order);
  try {
    const done = await order;
    const { undo } = what;
    const action = undo && !done.already ? { label: t("app.undo"), run: () => void takeBack(undo) } : undefined;
    say(typeof what.said === "string" ? what.said : what.said(done), action ? { action } : {});
    await settled(done.position);
  } catch (no) {
    if (before) {
      list.patchRow(what.conversation, before);
      thread.patch(what.conversation, before);
    }
    sayWhy(no);
    await settled(0);
  }
}

async function takeBack(undo: () => Promise<Done>): Promise<void> {
  try {
    const done = await undo();
    say(t("act.undone"));
    await settled(done.position);
  } catch (no) {
    sayWhy(no);
  }
}

/** Read everything that may show the effect, once it is there. */
export async function settled(position: number): Promise<void> {
  await Promise.all([thread.refresh(position), list.refresh(Math.max(1, position)), list.count(position), refreshCustomer(position)]);
}

/** The row is gone from this view: the next one opens, or on a phone the list. */
export function moveOn(conversation: string, order: Promise<Done>): void {
  const heir = list.leave(conversation, order);
  const here = route.value;
  if (here.page !== "inbox" || here.conversation !== conversation) return;
  go(heir && twoPanes.value ? pathOf(here.view, heir) : pathOfView(here.view), true);
}

const shows = (...views: string[]): boolean => route.value.page === "inbox" && views.includes(route.value.view);

export function assign(conversation: string, assignee: string | null): Promise<void> {
  const before = rowOf(conversation)?.assignee?.id ?? null;
  const name = assignee ? agentName(assignee) : "";
  return act({
    conversation,
    change: { assignee: assignee ? { id: assignee, name } : null },
    order: () => calls.assign(conversation, assignee),
    said: assignee ? t("act.done.assign", { name }) : t("act.done.unassign"),
    undo: () => calls.assign(conversation, before),
  });
}

export const assignMe = (conversation: string): Promise<void> => assign(conversation, me.value?.id ?? null);

export function snooze(conversation: string, until: Date): Promise<void> {
  return act({
    conversation,
    change: { status: "snoozed", snoozed_until: until.toISOString() },
    order: () => calls.snooze(conversation, until.toISOString()),
    said: t("act.done.snooze", { time: moment(until, lang.value) }),
    leaves: shows("mine", "unassigned", "open"),
    undo: () => calls.turn(conversation, "wake"),
  });
}

export function resolve(conversation: string): Promise<void> {
  return act({
    conversation,
    change: { status: "resolved", waiting_since: null },
    order: () => calls.turn(conversation, "resolve"),
    said: t("act.done.resolve"),
    leaves: shows("mine", "unassigned", "open", "snoozed"),
    undo: () => calls.turn(conversation, "reopen"),
  });
}

export function reopen(conversation: string): Promise<void> {
  const wake = rowOf(conversation)?.status === "snoozed";
  return act({
    conversation,
    change: { status: "open", snoozed_until: null },
    order: () => calls.turn(conversation, wake ? "wake" : "reopen"),
    said: t(wake ? "act.done.wake" : "act.done.reopen"),
    leaves: shows("resolved", "snoozed"),
  });
}

export function toggleSpam(conversation: string): Promise<void> {
  const is = !rowOf(conversation)?.spam;
  return act({
    conversation,
    change: { spam: is },
    order: () => calls.spam(conversation, is),
    said: t(is ? "act.done.spam" : "act.done.notSpam"),
    leaves: is !== shows("spam"),
    undo: () => calls.spam(conversation, !is),
  });
}

export function toggleTag(conversation: string, tag: string): Promise<void> {
  const tags = rowOf(conversation)?.tags ?? [];
  const on = !tags.includes(tag);
  return act({
    conversation,
    change: { tags: on ? [...tags, tag].sort() : tags.filter((one) => one !== tag) },
    order: () => calls.tag(conversation, tag, on),
    said: t(on ? "act.done.tag" : "act.done.untag", { name: tag }),
    undo: () => calls.tag(conversation, tag, !on),
  });
}

export function markComplaint(conversation: string, message?: string): Promise<void> {
  return act({
    conversation,
    change: {},
    order: () => calls.markComplaint(conversation, message),
    said: (done) => t("act.done.complaint", { number: done.number ?? "" }),
  });
}

/** Not (or no longer) a complaint is marked as one; an open one is taken back, even when the bot found it. */
export function toggleComplaint(conversation: string): Promise<void> {
  const known = rowOf(conversation)?.complaint;
  if (!known || known.phase === "detected" || known.phase === "closed") return markComplaint(conversation);
  return act({
    conversation,
    change: {},
    order: () => calls.move(known.id, "unmark"),
    said: t("act.done.notComplaint", { number: known.number }),
    undo: () => calls.move(known.id, "reopen", { why: t("act.undone") }),
  });
}

export async function copyLink(conversation: string): Promise<void> {
  const view = route.value.page === "inbox" ? route.value.view : "open";
  await navigator.clipboard.writeText(location.origin + pathOf(view, conversation)).then(() => say(t("act.copied")), sayWhy);
}
