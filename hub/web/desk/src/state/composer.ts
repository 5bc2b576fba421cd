/** The composer: one draft per conversation, kept while one looks elsewhere and on the server. */
import { batch, computed, signal } from "@preact/signals";
import * as calls from "../api/calls";
import { upload } from "../api/http";
import type { Person } from "../api/types";
import { t } from "../i18n";
import { parsePeople } from "../logic/recipients";
import { begun, isEmpty, isLetter, keepNever, keepSoon, restored, turned, type Attached, type Draft, type Mode } from "./draft";
import { inboxes } from "./directory";
import { canWrite } from "./session";
import * as thread from "./thread";
import { say, why } from "./toasts";

/** Where a draft belongs: a conversation's id, or "new". */
export const place = signal<string>("new");
const drafts = signal<ReadonlyMap<string, Draft>>(new Map());
const opened = signal<ReadonlySet<string>>(new Set());
export const saved = signal<"" | "saving" | "saved" | "failed">("");
/** Grows by one when the text should have the focus. */
export const focused = signal(0);
/** What stands half-typed in the address fields, e.g. "mia@". */
export const typed = signal<{ to: string; cc: string }>({ to: "", cc: "" });

export const draft = computed(() => drafts.value.get(place.value) ?? null);
export const isOpen = computed(() => opened.value.has(place.value) && canWrite.value);

const LARGEST = 20 * 1024 * 1024;
const MOST = 20;
const looked = new Set<string>();

const answer = () => (place.value === "new" ? null : thread.answer.value);

/** Look at another conversation: its draft comes from memory or from the server. */
export async function visit(conversation: string): Promise<void> {
  batch(() => {
    place.value = conversation;
    saved.value = "";
    typed.value = { to: "", cc: "" };
  });
  if (conversation === "new" || looked.has(conversation) || !canWrite.value) return;
  looked.add(conversation);
  const body = await calls.draft(conversation).catch(() => null);
  if (body && !drafts.value.has(conversation)) {
    put(conversation, restored(body, thread.row.value?.account ?? ""));
    if (place.value === conversation) saved.value = "saved";
    openAt(conversation, true);
  }
}

function put(at: string, next: Draft | null): void {
  const all = new Map(drafts.value);
  if (next) all.set(at, next);
  else all.delete(at);
  drafts.value = all;
}

function openAt(at: string, is: boolean): void {
  const all = new Set(opened.value);
  if (is) all.add(at);
  else all.delete(at);
  opened.value = all;
}

/** Begin to write, or turn what is being written into another kind. */
export function write(mode: Mode): void {
  if (!canWrite.value || (mode !== "new" && !thread.answer.value)) return;
  const at = place.value;
  const now = draft.value;
  const next = !now ? begun(mode, answer()) : now.mode === mode ? refreshed(now) : turned(now, mode, answer());
  put(at, mode === "new" && !next.account ? { ...next, account: inboxes.value[0]?.account ?? "" } : next);
  openAt(at, true);
  focused.value += 1;
}

/** Nothing written yet: the newest letter is the one that is answered. */
function refreshed(now: Draft): Draft {
  return isEmpty(now, answer()) ? begun(now.mode, answer()) : now;
}

export function change(part: Partial<Draft>): void {
  const now = draft.value;
  if (!now) return;
  put(place.value, { ...now, ...part });
  const at = place.value;
  if (at === "new") return;
  keepSoon(at, () => { const one = drafts.value.get(at); return one && !isEmpty(one, null) ? one : null; }, (how) => { if (place.value === at) saved.value = how; });
}

/** The hub is back: keep the draft that could not be kept. */
export function keepFailed(): void {
  if (saved.value === "failed") change({});
}

/** Close the composer; what is written stays. */
export function close(): void {
  const at = place.value;
  if (draft.value && isEmpty(draft.value, answer())) put(at, null);
  openAt(at, false);
}

/** Forget the draft, here and on the server. */
export function discard(at: string = place.value, onServer = true): void {
  keepNever(at);
  batch(() => {
    put(at, null);
    openAt(at, false);
    if (place.value === at) {
      saved.value = "";
      typed.value = { to: "", cc: "" };
    }
  });
  if (onServer && at !== "new") void calls.dropDraft(at).catch(() => undefined);
}

/** Bring a draft back, e.g. after undoing its sending. */
export function bringBack(at: string, what: Draft): void {
  put(at, what);
  openAt(at, true);
  if (place.value === at) change({});
}

/** Turn what is typed in an address field into chips. False when something can't be read. */
export function takeTyped(field: "to" | "cc"): boolean {
  const { people, rest } = parsePeople(typed.value[field]);
  if (people.length) change({ [field]: [...(draft.value?.[field] ?? []), ...people] });
  typed.value = { ...typed.value, [field]: rest };
  return !rest;
}

export function drop(field: "to" | "cc", person: Person): void {
  change({ [field]: (draft.value?.[field] ?? []).filter((one) => one !== person) });
}

export function attach(files: Iterable<File>): void {
  for (const file of files) {
    if (file.size > LARGEST) say(t("compose.tooLarge", { name: file.name }), { kind: "failed", lasts: 7000 });
    else if ((draft.value?.files.length ?? 0) >= MOST) say(t("compose.tooMany"), { kind: "failed" });
    else void send(file);
  }
}

async function send(file: File): Promise<void> {
  const at = place.value;
  const key = crypto.randomUUID();
  change({ files: [...(draft.value?.files ?? []), { key, name: file.name, size: file.size, share: 0, id: null }] });
  try {
    const kept = await upload<{ id: string; filename: string }>("/api/v1/uploads", file, (share) => turn(at, key, { share }));
    turn(at, key, { share: 1, id: kept.id, name: kept.filename });
    if (place.value === at) change({});
  } catch (no) {
    detach(key, at);
    say(`${file.name}: ${why(no)}`, { kind: "failed", lasts: 7000 });
  }
}

function turn(at: string, key: string, part: Partial<Attached>): void {
  const now = drafts.value.get(at);
  if (now) put(at, { ...now, files: now.files.map((file) => (file.key === key ? { ...file, ...part } : file)) });
}

export function detach(key: string, at: string = place.value): void {
  const now = drafts.value.get(at);
  if (now) put(at, { ...now, files: now.files.filter((file) => file.key !== key) });
  if (place.value === at) change({});
}

/** What keeps the letter from being sent, in words; "" when nothing does. */
export function obstacle(now: Draft): string {
  if (now.mode !== "note" && (!takeTyped("to") || !takeTyped("cc"))) return t("compose.badAddress", { text: typed.value.to || typed.value.cc });
  const current = draft.value ?? now;
  if (!current.text.trim()) return t("compose.empty");
  if (current.files.some((file) => !file.id)) return t("compose.stillUploading");
  return (isLetter(current.mode) || current.mode === "new") && !current.to.length && !current.cc.length ? t("compose.nobody") : "";
}
