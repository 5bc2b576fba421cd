/** The entries of a conversation: letters, notes, what happened between them. */
import type { Entry, SystemEntry } from "../api/types";
import { lang, maybe, plural, t, type Key } from "../i18n";
import { day, moment } from "../logic/times";
import { agentName } from "../state/directory";
import * as prefs from "../state/prefs";
import * as thread from "../state/thread";
import { When } from "./bits";
import { MessageCard } from "./message";
import { NoteCard, ReplyCard } from "./reply";

export function Entries() {
  const all = thread.entries.value;
  const shown = prefs.system.value ? all : all.filter((entry) => entry.kind !== "system");
  const hidden = all.length - shown.length;
  return (
    <div class="entries" role="log" aria-relevant="additions">
      {thread.earlier.value ? <button type="button" class="button quiet earlier" onClick={() => void thread.loadEarlier()}>{t("thread.earlier")}</button> : null}
      {hidden ? <button type="button" class="hidden-lines" onClick={() => (prefs.system.value = true)}>{plural("thread.system", hidden)}</button> : null}
      {shown.map((entry, at) => [newDay(entry, shown[at - 1]), <One key={thread.entryKey(entry)} entry={entry} />])}
    </div>
  );
}

function newDay(entry: Entry, before: Entry | undefined) {
  if (before && new Date(before.at).toDateString() === new Date(entry.at).toDateString()) return null;
  return <div class="day" key={`day${entry.position}`}><span>{day(entry.at, lang.value)}</span></div>;
}

function One({ entry }: { entry: Entry }) {
  const fresh = entry.kind !== "system" && thread.arrived.value.has(entry.id);
  switch (entry.kind) {
    case "message":
      return <MessageCard entry={entry} fresh={fresh} />;
    case "reply":
      return <ReplyCard entry={entry} fresh={fresh} />;
    case "note":
      return <NoteCard entry={entry} fresh={fresh} />;
    case "system":
      return <Line entry={entry} />;
  }
}

function Line({ entry }: { entry: SystemEntry }) {
  return <div class={`line ${entry.what.split(".")[0]}`}><i class="dot" /><span>{sentence(entry)}</span><When at={entry.at} /></div>;
}

/** What happened, in words; an event that has no sentence yet is shown by its name. */
export function sentence(entry: SystemEntry): string {
  const { what, detail } = entry;
  const actor = entry.actor.name || t(entry.actor.kind === "bot" ? "msg.bot" : "msg.system");
  if (what === "conversation.assigned.v1" && !detail["assignee"]) return t("line.unassigned", { actor });
  if (what === "conversation.assigned.v1" && detail["assignee"] === entry.actor.id) return t("line.self", { actor });
  if (what === "complaint.letter_failed.v1" && detail["told"] === "False") return t("line.unapologised");
  const values = Object.fromEntries(Object.entries(detail).map(([name, value]) => [name, told(name, value)]));
  return maybe(`line.${what}`, what, { actor, ...values });
}

const TOLD: Record<string, (value: string) => string> = {
  assignee: (value) => agentName(value) || value,
  until: (value) => moment(value, lang.value),
  by: (value) => maybe(`line.by.${value}`, value),
  outcome: (value) => maybe(`comp.outcome.${value}`, value),
  reason: (value) => maybe(`comp.reason.${value}`, value),
  why: (value) => ({ "the letter that told the outcome was taken back": t("line.why.taken-back"), "the letter that told the outcome did not arrive": t("line.why.not-arrived"), "marked again": t("line.why.marked-again") })[value] ?? value,
  how: (value) => ({ telephone: t("comp.how.telephone"), "in person": t("comp.how.person"), letter: t("comp.how.letter") })[value] ?? value,
};

const told = (name: string, value: string): string => TOLD[name]?.(value) ?? value;
export type LineKey = Extract<Key, `line.${string}`>;
