/** How things stood as of the chosen position. */
import { t, type Key } from "../i18n";
import * as audit from "../state/audit";
import { Tree } from "./tree";

const KNOWN: Record<string, Key> = { customer: "panel.customer", identities: "audit.identities", conversations: "audit.conversations", complaints: "audit.complaints", links: "audit.links" };

export function StateThen() {
  const { value: then } = audit.then;
  if (!then) return null;
  const entries = Object.entries(then.state);
  const plain = Object.fromEntries(entries.filter(([, value]) => value === null || typeof value !== "object"));
  const nested = entries.filter(([, value]) => value !== null && typeof value === "object");
  return (
    <section class="then-pane" aria-label={t("audit.state")} aria-busy={audit.busy.value}>
      <header class="pane-head"><h2>{t("audit.state")}</h2><span class="count">{then.as_of.position}</span></header>
      <div class="then-scroll" tabIndex={0}>
        {Object.keys(plain).length ? <div class="sheet"><Tree value={plain} /></div> : null}
        {nested.map(([name, value]) => <Part key={name} name={name} value={value} />)}
      </div>
    </section>
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
