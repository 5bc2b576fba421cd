/** How things stood as of the chosen position. */
import type { HistoryAnswer, NotTakenIn } from "../api/types";
import { t, type Key } from "../i18n";
import * as audit from "../state/audit";
import { More } from "../ui/customer";
import { Icon } from "../ui/icon";
import { Tree } from "./tree";

const KNOWN: Record<string, Key> = { customer: "panel.customer", identities: "audit.identities", conversations: "audit.conversations", complaints: "audit.complaints", links: "audit.links" };

const TOLD_APART = new Set(["not_taken_in", "conversations_in_all"]);

export function StateThen() {
  const { value: then } = audit.then;
  if (!then) return null;
  const entries = Object.entries(then.state).filter(([name]) => !TOLD_APART.has(name));
  const listed = Array.isArray(then.state["conversations"]) ? then.state["conversations"].length : 0;
  const unlisted = Number(then.state["conversations_in_all"] ?? 0) - listed;
  const plain = Object.fromEntries(entries.filter(([, value]) => value === null || typeof value !== "object"));
  const nested = entries.filter(([, value]) => value !== null && typeof value === "object");
  return (
    <section class="then-pane" aria-label={t("audit.state")} aria-busy={audit.busy.value}>
      <header class="pane-head"><h2>{t("audit.state")}</h2><span class="count">{then.as_of.position}</span></header>
      <div class="then-scroll" tabIndex={0}>
        <Lacking events={lacking(then)} />
        {Object.keys(plain).length ? <div class="sheet"><Tree value={plain} /></div> : null}
        {nested.map(([name, value]) => <Part key={name} name={name} value={value} />)}
        <More n={unlisted} />
      </div>
    </section>
  );
}

function lacking(then: HistoryAnswer): readonly NotTakenIn[] {
  return (then.state["not_taken_in"] as NotTakenIn[] | undefined) ?? [];
}

/** What the state below does not show, because a page tripped over it: an auditor must know. */
export function Lacking({ events }: { events: readonly NotTakenIn[] }) {
  if (!events.length) return null;
  return (
    <ul class="lacking" role="alert">
      {events.map((one) => <li class="hint warn" key={`${one.position} ${one.page}`}><Icon name="warn" />{t("audit.lacking", { ...one })}</li>)}
    </ul>
  );
}

function Part({ name, value }: { name: string; value: unknown }) {
  const list = Array.isArray(value);
  const items: [string, unknown][] = list ? value.map((one, at) => [String(at), one]) : [[name, value]];
  const title = KNOWN[name];
  return (
    <>
      <h3>{title ? t(title) : name} {list ? <span class="count">{items.length}</span> : null}</h3>
      {items.length ? items.map(([key, one]) => <div class="sheet" key={key}><Tree value={one} /></div>) : <p class="muted">{t("audit.nothing")}</p>}
    </>
  );
}
