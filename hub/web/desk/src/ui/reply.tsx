/** Our own letters with how they fared, and notes that only colleagues see. */
import { useState } from "preact/hooks";
import type { NoteEntry, ReplyEntry } from "../api/types";
import { lang, t } from "../i18n";
import { moment, short } from "../logic/times";
import { second } from "../state/clock";
import { sendAnyway, undoSend } from "../state/sending";
import { canWrite, me } from "../state/session";
import * as thread from "../state/thread";
import { Avatar, When } from "./bits";
import { Files } from "./files";
import { Icon, type IconName } from "./icon";
import { To, Words } from "./message";

export function ReplyCard({ entry, fresh }: { entry: ReplyEntry; fresh: boolean }) {
  const name = entry.actor.id === me.value?.id ? `${entry.actor.name}` : entry.actor.name || t(entry.automatic ? "msg.bot" : "msg.system");
  const gone = entry.delivery.state === "withdrawn";
  return (
    <article class={`card reply${entry.automatic ? " automatic" : ""}${gone ? " withdrawn" : ""}${fresh ? " fresh" : ""}`} data-entry tabIndex={-1} aria-label={`${name}, ${moment(entry.at, lang.value)}`}>
      <header class="card-head">
        <Avatar name={name} bot={entry.automatic} />
        <div class="card-who">
          <div class="card-line"><strong>{name}</strong>{entry.reply_kind === "reply" ? null : <span class="badge">{t(`msg.kind.${entry.reply_kind}`)}</span>}</div>
          <div class="card-to muted"><To to={entry.to} cc={entry.cc} /></div>
        </div>
        <span class="grow" />
        <When at={entry.at} />
      </header>
      {entry.erased ? <p class="body erased">{t("msg.erased")}</p> : entry.automatic ? <Folded text={entry.text} /> : <Words text={entry.text} />}
      <Files files={entry.files} />
      <Fate entry={entry} />
    </article>
  );
}

/** A bot's letter says the same each time: its beginning is enough until somebody asks. */
function Folded({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  return (
    <>
      <div class={all ? "" : "folded"}><Words text={text} /></div>
      <button type="button" class="fold" aria-expanded={all} onClick={() => setAll(!all)} aria-label={t(all ? "msg.less" : "msg.all")} title={t(all ? "msg.less" : "msg.all")}><Icon name="dots" /></button>
    </>
  );
}

const FATES: Record<ReplyEntry["delivery"]["state"], IconName> = {
  pending: "clock", started: "send", deferred: "clock", handed_over: "check", delivered: "check", failed: "warn", bounced: "warn", uncertain: "warn", withdrawn: "undo",
};

function Fate({ entry }: { entry: ReplyEntry }) {
  const { state, why } = entry.delivery;
  const bad = state === "failed" || state === "bounced" || state === "uncertain";
  if (state === "pending") return <Pending entry={entry} />;
  const text = state === "deferred" ? t("sent.deferred", { time: entry.delivery.next_at ? short(entry.delivery.next_at, Date.now(), lang.value) : "" }) : t(`sent.${state}`);
  return (
    <footer class={`fate ${state}${bad ? " bad" : ""}`}>
      <Icon name={FATES[state]} /><span role={bad ? "alert" : undefined}>{text}</span>
      {why || state === "uncertain" ? <span class="muted">{why || t("sent.uncertainWhy")}</span> : null}
      {bad && canWrite.value && !entry.erased ? (
        <button type="button" class="button small" onClick={() => void sendAnyway(thread.id.value!, entry.id)}>{t(state === "uncertain" ? "sent.anyway" : "sent.again")}</button>
      ) : null}
    </footer>
  );
}

/** The seconds in which a letter can still be taken back. */
function Pending({ entry }: { entry: ReplyEntry }) {
  const left = Math.ceil((Date.parse(entry.send_after) - Math.max(second.value, Date.now() - 1000)) / 1000);
  return (
    <footer class="fate pending">
      <Icon name="clock" /><span>{left > 0 ? t("sent.pending", { n: left }) : t("sent.queued")}</span>
      {left > 0 && canWrite.value && !entry.automatic ? <button type="button" class="button small" onClick={() => void undoSend(thread.id.value!, entry.id)}>{t("sent.undo")}</button> : null}
    </footer>
  );
}

export function NoteCard({ entry, fresh }: { entry: NoteEntry; fresh: boolean }) {
  return (
    <article class={`card note${fresh ? " fresh" : ""}`} data-entry tabIndex={-1} aria-label={`${t("msg.note")}, ${entry.actor.name}, ${moment(entry.at, lang.value)}`}>
      <header class="card-head">
        <Avatar name={entry.actor.name} small />
        <div class="card-line"><strong>{entry.actor.name}</strong><span class="badge note" title={t("msg.noteHint")}><Icon name="note" />{t("msg.note")}</span></div>
        <span class="grow" />
        <When at={entry.at} />
      </header>
      {entry.erased ? <p class="body erased">{t("msg.erased")}</p> : <Words text={entry.text} />}
    </article>
  );
}
