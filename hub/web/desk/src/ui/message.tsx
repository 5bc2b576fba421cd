/** A customer's letter. */
import { useState } from "preact/hooks";
import type { MessageEntry, Person } from "../api/types";
import * as calls from "../api/calls";
import { lang, plural, t } from "../i18n";
import { linked, oldPart } from "../logic/text";
import { exact, isLate, moment } from "../logic/times";
import { called } from "../logic/recipients";
import * as actions from "../state/actions";
import { canWrite } from "../state/session";
import * as thread from "../state/thread";
import { Avatar, Tool, When } from "./bits";
import { Files } from "./files";
import { HtmlView } from "./html";
import { Icon } from "./icon";

export function MessageCard({ entry, fresh }: { entry: MessageEntry; fresh: boolean }) {
  const [details, setDetails] = useState(false);
  const [html, setHtml] = useState(false);
  const name = entry.erased ? t("app.erased") : called(entry.from);
  return (
    <article class={`card message${fresh ? " fresh" : ""}`} data-entry tabIndex={-1} aria-label={`${name}, ${moment(entry.at, lang.value)}`}>
      <header class="card-head">
        <Avatar name={name} />
        <div class="card-who">
          <div class="card-line"><strong>{name}</strong>{entry.from.name ? <span class="address">{entry.from.address}</span> : null}{entry.erased ? null : <Proof verified={entry.verified} />}
            {entry.automatic ? <span class="badge" title={entry.automatic}><Icon name="bot" />{t("msg.automatic")}</span> : null}
            {fresh ? <span class="badge new">{t("thread.newHere")}</span> : null}</div>
          <div class="card-to muted"><To to={entry.to} cc={entry.cc} /></div>
        </div>
        <span class="grow" />
        <div class="card-tools">
          {entry.has_html && !entry.erased ? <Tool icon={html ? "quote" : "image"} label={t(html ? "msg.showText" : "msg.showHtml")} pressed={html} onClick={() => setHtml(!html)} /> : null}
          {canWrite.value && !entry.erased && !thread.row.value?.complaint ? <Tool icon="flag" label={t("msg.complaintHere")} onClick={() => void actions.markComplaint(thread.id.value!, entry.id)} /> : null}
          <Tool icon="dots" label={t("msg.details")} pressed={details} onClick={() => setDetails(!details)} />
        </div>
        <When at={entry.received_at} />
      </header>
      {isLate(entry.occurred_at, entry.received_at) ? <p class="hint late"><Icon name="clock" />{t("msg.late", { written: moment(entry.occurred_at!, lang.value), received: moment(entry.received_at, lang.value) })}</p> : null}
      {entry.same_id_other_bytes ? <p class="hint warn"><Icon name="warn" />{t("msg.sameId")}</p> : null}
      {details ? <Details entry={entry} /> : null}
      {html ? <HtmlView message={entry.id} /> : <Body entry={entry} />}
      <Files files={entry.files} />
    </article>
  );
}

function Proof({ verified }: { verified: boolean }) {
  return verified
    ? <span class="proof yes" title={t("msg.verifiedWhy")}><Icon name="shieldCheck" /><span class="sr">{t("msg.verified")}</span></span>
    : <span class="proof no" title={t("msg.unverifiedWhy")}><Icon name="shield" />{t("msg.unverified")}</span>;
}

export function To({ to, cc }: { to: readonly Person[]; cc: readonly Person[] }) {
  const names = (people: readonly Person[]) => people.map((person) => <span key={person.address} title={person.address}>{called(person)}</span>).flatMap((one, at) => (at ? [", ", one] : [one]));
  return <>{to.length ? <span>{t("thread.to")} {names(to)}</span> : null}{cc.length ? <span>{t("thread.cc")} {names(cc)}</span> : null}</>;
}

/** What is new in the letter; what it quotes is folded, never lost. */
function Body({ entry }: { entry: MessageEntry }) {
  const [all, setAll] = useState(false);
  if (entry.erased) return <p class="body erased">{t("msg.erased")}</p>;
  const old = entry.quoted ? oldPart(entry.text, entry.new_text) : "";
  const top = entry.quoted && entry.new_text ? entry.new_text : entry.quoted ? "" : entry.text;
  return (
    <>
      {top || old ? <Words text={top} /> : <p class="body muted">{t("msg.noText")}</p>}
      {old ? (
        <>
          <button type="button" class="fold" aria-expanded={all} onClick={() => setAll(!all)} title={t(all ? "msg.hideQuote" : "msg.showQuote")} aria-label={t(all ? "msg.hideQuote" : "msg.showQuote")}><Icon name="dots" /></button>
          {all ? <blockquote class="quote"><Words text={old} /></blockquote> : null}
        </>
      ) : null}
    </>
  );
}

export function Words({ text }: { text: string }) {
  if (!text) return null;
  return <div class="body" dir="auto">{linked(text).map((piece, at) => (piece.href ? <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">{piece.text}</a> : piece.text))}</div>;
}

function Details({ entry }: { entry: MessageEntry }) {
  const facts: [string, string][] = [
    [t("thread.from"), entry.from.name ? `${entry.from.name} <${entry.from.address}>` : entry.from.address],
    [t("msg.replyTo"), entry.reply_to?.address ?? ""],
    [t("compose.subject"), entry.subject],
    [t("msg.written"), entry.occurred_at ? exact(entry.occurred_at, lang.value) : ""],
    [t("msg.received"), exact(entry.received_at, lang.value)],
    [t("msg.recorded"), `${exact(entry.at, lang.value)} · ${t("msg.position", { n: entry.position })}`],
    [t("msg.why"), `${t(`msg.threaded.${entry.threaded_by as "new"}`)}${entry.threading_why ? ` (${entry.threading_why})` : ""}`],
    [t("msg.automatic"), entry.automatic],
    [t("msg.defects"), entry.defects.join(" · ")],
  ];
  return (
    <div class="details">
      <dl>{facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      {entry.seen_again ? <p class="muted">{plural("msg.again", entry.seen_again)}</p> : null}
      {entry.erased ? null : <a class="button quiet" href={calls.rawLetter(entry.id)} download><Icon name="download" />{t("msg.raw")}</a>}
    </div>
  );
}
