/** One letter or note being written, and how it is kept on the server while it grows. */
import * as calls from "../api/calls";
import type { DraftBody, Person, ThreadAnswer } from "../api/types";
import { t } from "../i18n";
import { quoted } from "../logic/text";
import { moment } from "../logic/times";
import { lang } from "../i18n";

export type Mode = DraftBody["mode"];
export interface Attached { key: string; name: string; size: number; share: number; id: string | null }
export interface Draft {
  mode: Mode;
  to: Person[];
  cc: Person[];
  subject: string;
  text: string;
  files: Attached[];
  answers: string | null;
  seen: string | null;
  account: string;
}

export const isLetter = (mode: Mode): mode is "reply" | "reply_all" | "forward" => mode === "reply" || mode === "reply_all" || mode === "forward";

/** An empty draft of this mode, addressed as the hub proposes. */
export function begun(mode: Mode, thread: ThreadAnswer | null): Draft {
  const proposed = thread && (mode === "reply" || mode === "reply_all") ? thread.recipients[mode] : { to: [], cc: [] };
  return {
    mode, to: [...proposed.to], cc: [...proposed.cc], subject: "", files: [], account: thread?.row.account ?? "",
    text: mode === "forward" && thread ? forwarded(thread) : "",
    answers: lastLetter(thread)?.id ?? null, seen: thread?.seen ?? null,
  };
}

/** The same words as another kind of letter: recipients follow the mode, nothing written is lost. */
export function turned(draft: Draft, mode: Mode, thread: ThreadAnswer | null): Draft {
  const fresh = begun(mode, thread);
  const untouched = !draft.text.trim() || (draft.mode === "forward" && thread && draft.text === forwarded(thread));
  return { ...fresh, text: untouched ? fresh.text : draft.text, subject: draft.subject, files: draft.files };
}

function lastLetter(thread: ThreadAnswer | null) {
  return thread?.entries.findLast((entry) => entry.kind === "message") ?? null;
}

function forwarded(thread: ThreadAnswer): string {
  const letter = lastLetter(thread);
  if (!letter) return "";
  const from = letter.from.name ? `${letter.from.name} <${letter.from.address}>` : letter.from.address;
  return `\n\n---- ${t("compose.forwarded")} ----\n${t("thread.from")}: ${from}\n${moment(letter.received_at, lang.value)}\n${letter.subject}\n\n${quoted(letter.text)}`;
}

export function isEmpty(draft: Draft, thread: ThreadAnswer | null): boolean {
  return !draft.files.length && (!draft.text.trim() || (draft.mode === "forward" && !!thread && draft.text === forwarded(thread)));
}

export function bodyOf(draft: Draft): DraftBody {
  const { mode, to, cc, subject, text, answers, seen } = draft;
  return { mode, to, cc, subject, text, answers, seen, files: draft.files.flatMap((file) => file.id ?? []) };
}

export function restored(body: DraftBody, account: string): Draft {
  const files = body.files.map((id, at) => ({ key: id, name: t("compose.file", { n: at + 1 }), size: 0, share: 1, id }));
  return { ...body, files, account };
}

const PAUSE = 1800;
const timers = new Map<string, { timer: number; save: () => void }>();

/** Keep the draft of a conversation a little later; `told` hears how it went. */
export function keepSoon(conversation: string, draft: () => Draft | null, told: (how: "saving" | "saved" | "failed") => void): void {
  keepNever(conversation);
  const save = () => {
    timers.delete(conversation);
    const now = draft();
    if (!now) return;
    told("saving");
    calls.keepDraft(conversation, bodyOf(now)).then(() => told("saved"), () => told("failed"));
  };
  timers.set(conversation, { timer: window.setTimeout(save, PAUSE), save });
}

/** It is sent or thrown away: no late save may bring it back. */
export function keepNever(conversation: string): void {
  clearTimeout(timers.get(conversation)?.timer);
  timers.delete(conversation);
}

/** The page goes away: save what is still waiting. */
export function keepAll(): void {
  for (const { save } of [...timers.values()]) save();
}
