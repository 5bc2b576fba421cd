/** A customer: addresses with their evidence, linked people, earlier conversations, complaints. */
import { useState } from "preact/hooks";
import * as more from "../api/more";
import type { CustomerInfo, IdentityInfo, Row } from "../api/types";
import { lang, maybe, plural, t } from "../i18n";
import { date } from "../logic/times";
import { settled } from "../state/actions";
import * as store from "../state/customer";
import * as layers from "../state/layers";
import { go, pathOf } from "../state/route";
import { canAudit, canWrite } from "../state/session";
import * as thread from "../state/thread";
import { say, sayWhy } from "../state/toasts";
import { Avatar, Bars, ComplaintBadge, Failed, StatusMark, Tool, When } from "./bits";
import { Icon } from "./icon";

export function CustomerPanel() {
  const customer = store.customer.value;
  if (!customer) return store.failure.value ? <Failed title={t("panel.failed")} hint={store.failure.value} retry={() => void store.refreshCustomer(0)} /> : <div class="panel-section"><Bars widths={[60, 80, 40, 70]} /></div>;
  return (
    <>
      <Head customer={customer} page={false} />
      <Identities customer={customer} />
      <Suggestions customer={customer} />
      <Links customer={customer} />
      <Complaints customer={customer} />
      <Conversations customer={customer} />
    </>
  );
}

export function Head({ customer, page }: { customer: CustomerInfo; page: boolean }) {
  const [renaming, setRenaming] = useState(false);
  const name = customer.erased ? t("app.erased") : customer.name || customer.identities[0]?.address || t("list.nobody");
  return (
    <div class="panel-section customer-head">
      <Avatar name={name} />
      <div class="customer-name">
        {renaming ? <Rename customer={customer} done={() => setRenaming(false)} /> : page ? <h1>{name}</h1> : <a href={`/customers/${customer.id}`} title={t("cust.open")}><strong>{name}</strong></a>}
        <small class="muted">{plural("cust.count", customer.conversations_in_all)}</small>
      </div>
      {canWrite.value && !customer.erased && !renaming ? <Tool icon="pen" label={t("cust.rename")} onClick={() => setRenaming(true)} /> : null}
      {canAudit.value ? <a class="tool" href={`/customers/${customer.id}/history`} aria-label={t("cust.history")} title={`${t("cust.history")}  g h`}><Icon name="history" /></a> : null}
    </div>
  );
}

function Rename({ customer, done }: { customer: CustomerInfo; done: () => void }) {
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name") ?? "").trim();
    done();
    if (!name || name === customer.name) return;
    await obey(more.nameCustomer(customer.id, name), t("cust.named"));
  };
  return <form class="rename" onSubmit={(event) => void save(event)} onKeyDown={(event) => event.key === "Escape" && done()}><input name="name" defaultValue={customer.name} aria-label={t("cust.name")} maxLength={500} ref={(at) => at?.focus()} onBlur={(event) => event.currentTarget.form?.requestSubmit()} /></form>;
}

/** Give an order about the customer and say how it went. */
export async function obey(order: Promise<{ position: number }>, said: string): Promise<void> {
  try {
    const { position } = await order;
    say(said);
    await settled(position);
  } catch (no) {
    sayWhy(no);
  }
}

export function Identities({ customer }: { customer: CustomerInfo }) {
  return (
    <section class="panel-section">
      <h2>{t("cust.identities")}</h2>
      <ul class="identities">{customer.identities.map((one) => <Identity key={`${one.channel}${one.address}${one.verified}`} one={one} customer={customer} />)}</ul>
    </section>
  );
}

function Identity({ one, customer }: { one: IdentityInfo; customer: CustomerInfo }) {
  return (
    <li class="identity">
      <span class={one.verified ? "proof yes" : "proof no"}><Icon name={one.verified ? "shieldCheck" : "shield"} /></span>
      <div class="identity-text">
        <span class="identity-address">{one.address}</span>
        <small class="muted" title={one.why}>{t(one.verified ? "cust.verified" : "cust.claimed")}, {maybe(`cust.evidence.${one.evidence}`, one.evidence)}, {t("cust.since", { time: date(one.since, lang.value) })}</small>
      </div>
      {!one.verified && canWrite.value && !customer.erased ? <button type="button" class="button small" onClick={() => layers.open({ kind: "confirm", customer: customer.id, channel: one.channel, address: one.address })}>{t("cust.confirm")}</button> : null}
    </li>
  );
}

export function Suggestions({ customer }: { customer: CustomerInfo }) {
  if (!customer.suggestions.length) return null;
  return (
    <section class="panel-section suggestions">
      <h2>{t("cust.suggested")}</h2>
      <ul>{customer.suggestions.map((one) => (
        <li key={one.customer} class="linked"><div><a href={`/customers/${one.customer}`}>{one.name || one.address}</a><small class="muted">{one.address} · {one.why}</small></div>
          {canWrite.value ? <button type="button" class="button small" onClick={() => layers.open({ kind: "link", customer: customer.id, other: one.customer })}>{t("cust.linkGo")}</button> : null}
        </li>
      ))}</ul>
    </section>
  );
}

export function Links({ customer }: { customer: CustomerInfo }) {
  const may = canWrite.value && !customer.erased;
  if (!customer.links.length && !may) return null;
  return (
    <section class="panel-section">
      {customer.links.length ? <h2>{t("cust.links")}</h2> : null}
      <ul>{customer.links.map((one) => (
        <li key={one.customer} class="linked"><div><a href={`/customers/${one.customer}`}>{one.name || one.address}</a><small class="muted">{[one.address, one.survivor ? t("cust.survivor") : "", one.why].filter(Boolean).join(" · ")}</small></div>
          {may ? <button type="button" class="button small" onClick={() => void obey(more.unlink(customer.id, one.customer), t("cust.unlinked"))}>{t("cust.unlink")}</button> : null}
        </li>
      ))}</ul>
      {may ? <button type="button" class="button quiet" onClick={() => layers.open({ kind: "link", customer: customer.id, other: null })}><Icon name="link" />{t("cust.link")}</button> : null}
    </section>
  );
}

export function Complaints({ customer }: { customer: CustomerInfo }) {
  if (!customer.complaints.length) return null;
  return (
    <section class="panel-section">
      <h2>{t("cust.complaints")}</h2>
      <ul class="earlier-list">{customer.complaints.map((one) => (
        <li key={one.id}><a class="earlier-link" href={pathOf("complaints", one.conversation)}><span class="earlier-subject">{one.subject || one.number}</span><span class="earlier-foot"><ComplaintBadge complaint={one} /><span class="muted">{t(`phase.${one.phase}`)}</span><When at={one.received_at} /></span></a></li>
      ))}</ul>
    </section>
  );
}

export function Conversations({ customer }: { customer: CustomerInfo }) {
  return (
    <section class="panel-section">
      <h2>{t("cust.conversations")}</h2>
      <ul class="earlier-list">{customer.conversations.map((row) => <li key={row.conversation}><Talk row={row} /></li>)}</ul>
      <More n={customer.conversations_in_all - customer.conversations.length} />
    </section>
  );
}

/** What a list does not show is said. */
export function More({ n }: { n: number }) {
  return n > 0 ? <p class="muted">{plural("cust.more", n)}</p> : null;
}

function Talk({ row }: { row: Row }) {
  const current = row.conversation === thread.id.value;
  const view = row.spam ? "spam" : row.status === "resolved" || row.status === "closed" ? "resolved" : row.status === "snoozed" ? "snoozed" : "open";
  return (
    <a class="earlier-link" href={pathOf(view, row.conversation)} aria-current={current ? "true" : undefined} onClick={(event) => { if (current) { event.preventDefault(); go(location.pathname); } }}>
      <span class="earlier-subject">{row.subject || t("list.noSubject")}</span>
      <span class="earlier-foot"><StatusMark row={row} />{current ? <span class="badge">{t("cust.this")}</span> : null}<When at={row.last_at} /></span>
    </a>
  );
}
