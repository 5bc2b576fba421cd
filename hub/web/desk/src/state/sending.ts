/** Sending what is written: undo within the window, and one question when something arrived meanwhile. */
import { signal } from "@preact/signals";
import * as calls from "../api/calls";
import { Refused } from "../api/http";
import type { Done, Entry } from "../api/types";
import { t } from "../i18n";
import { moveOn, settled } from "./actions";
import * as composer from "./composer";
import { inboxOf } from "./directory";
import { isLetter, keepNever, type Draft } from "./draft";
import * as list from "./list";
import { go, pathOf, route } from "./route";
import * as thread from "./thread";
import { dismiss, say, sayWhy } from "./toasts";

export const busy = signal(false);
export const problem = signal("");
/** What arrived after the last message that the writer had seen; the next Send goes through. */
export const stale = signal<{ conversation: string; entries: readonly Entry[]; resolve: boolean } | null>(null);
/** The complaint whose outcome the letter tells, or "". */
export const tells = signal("");

export async function send(resolve = false, seen?: string | null): Promise<void> {
  if (busy.value || !composer.draft.value) return;
  problem.value = composer.obstacle(composer.draft.value);
  const draft = composer.draft.value;
  if (problem.value || !draft) return;
  busy.value = true;
  try {
    await deliver(composer.place.value, seen === undefined ? draft : { ...draft, seen }, resolve);
    stale.value = null;
    tells.value = "";
  } catch (no) {
    await refused(no, resolve);
  } finally {
    busy.value = false;
  }
}

async function deliver(place: string, draft: Draft, resolve: boolean): Promise<void> {
  keepNever(place);
  if (draft.mode === "note") await addNote(place, draft);
  else if (isLetter(draft.mode)) await sendReply(place, draft, resolve);
  else await begin(draft);
}

async function addNote(place: string, draft: Draft): Promise<void> {
  const done = await calls.note(place, draft.text);
  composer.discard(place);
  say(t("compose.noteAdded"));
  void settled(done.position);
}

async function sendReply(place: string, draft: Draft, resolve: boolean): Promise<void> {
  const { mode, to, cc, subject, text, answers, seen } = draft;
  const files = draft.files.flatMap((file) => file.id ?? []);
  const letter = { mode: mode as "reply", to, cc, subject, text, files, answers, seen, resolve, ...(tells.value && tells.value === thread.complaint.value?.id ? { tells_outcome: true } : {}) };
  const done = await calls.reply(place, letter);
  composer.discard(place);
  const seconds = Math.round(inboxOf(draft.account)?.undo_seconds ?? 10);
  const undo = { label: t("sent.undo"), run: () => void undoSend(place, done.id ?? "") };
  const toast = say(t(resolve ? "compose.sentResolved" : "compose.sentToast", { n: seconds }), { action: undo, lasts: Math.max(1, seconds) * 1000 });
  leaving.set(done.id ?? "", { toast, draft, tells: tells.value });
  if (resolve && route.value.page === "inbox" && ["mine", "unassigned", "open", "snoozed"].includes(route.value.view)) moveOn(place, Promise.resolve(done));
  void settled(done.position);
}

async function begin(draft: Draft): Promise<void> {
  const { account, to, cc, subject, text } = draft;
  const done = await calls.begin({ account, to, cc, subject, text, files: draft.files.flatMap((file) => file.id ?? []) });
  composer.discard("new");
  say(t("compose.begun"));
  await openWhenThere(done);
}

async function openWhenThere(done: Done): Promise<void> {
  const view = route.value.page === "inbox" ? route.value.view : "open";
  await list.refresh(done.position);
  if (done.id) go(pathOf(view, done.id));
}

/** Letters sent from this page: their toast, what was written, and the complaint whose outcome they tell. */
const leaving = new Map<string, { toast: number; draft: Draft; tells: string }>();

/** Take a letter back before it leaves; its words return to the composer when we have them, and the writer to its conversation. */
export async function undoSend(conversation: string, message: string): Promise<void> {
  const sent = leaving.get(message);
  dismiss(sent?.toast ?? 0);
  try {
    const done = await calls.undoSend(conversation, message);
    if (sent) composer.bringBack(conversation, sent.draft);
    say(t(sent ? "compose.withdrawn" : "sent.withdrawn"));
    await settled(done.position);
    if (sent) returnTo(conversation, sent.tells);
  } catch (no) {
    sayWhy(no);
    await thread.refresh();
  }
}

function returnTo(conversation: string, told: string): void {
  const here = route.value;
  if (thread.id.value !== conversation) go(pathOf(here.page === "inbox" ? here.view : "open", conversation));
  tells.value = told;
}

export async function sendAnyway(conversation: string, message: string): Promise<void> {
  try {
    await settled((await calls.sendAnyway(conversation, message)).position);
  } catch (no) {
    sayWhy(no);
  }
}

async function refused(no: unknown, resolve: boolean): Promise<void> {
  if (!(no instanceof Refused) || no.code !== "answered-meanwhile") {
    problem.value = no instanceof Error ? no.message : String(no);
    if (!(no instanceof Refused)) throw no;
    return;
  }
  const since = composer.draft.value?.seen ?? null;
  await thread.refresh(Number(no.detail["position"] ?? 0) || 0);
  const at = thread.entries.value.findIndex((entry) => entry.kind !== "system" && entry.id === since);
  const entries = thread.entries.value.slice(at + 1).filter((entry) => entry.kind !== "system" && !(entry.kind === "reply" && entry.automatic));
  stale.value = { conversation: composer.place.value, entries, resolve };
}

/** The writer has read what arrived and sends all the same. */
export function sendStale(): void {
  const answer = thread.answer.value;
  const resolve = stale.value?.resolve ?? false;
  stale.value = null;
  void send(resolve, answer?.seen ?? null);
}

/** The writer goes on: from now on what arrived counts as seen. */
export function keepWriting(): void {
  stale.value = null;
  composer.change({ seen: thread.answer.value?.seen ?? null });
  composer.focused.value += 1;
}
