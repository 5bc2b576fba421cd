/** Facts in the order they were recorded, both parts readable. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Fact } from "../api/types";
import { rawLetter } from "../api/calls";
import { lang, plural, t } from "../i18n";
import { exact } from "../logic/times";
import * as audit from "../state/audit";
import { agentName } from "../state/directory";
import { Blank, When } from "../ui/bits";
import { Icon } from "../ui/icon";
import { Tree } from "./tree";

export function Facts() {
  const [filter, setFilter] = useState("");
  const wanted = filter.trim().toLowerCase();
  const shown = audit.facts.value.filter((fact) => !wanted || `${fact.name} ${fact.actor.kind} ${fact.actor.name} ${fact.position} ${JSON.stringify(fact.sealed)} ${JSON.stringify(fact.open)}`.toLowerCase().includes(wanted));
  const here = audit.here();
  return (
    <section class="facts-pane" aria-label={t("audit.facts")}>
      <header class="pane-head"><h2>{t("audit.facts")}</h2><span class="count">{audit.next.value ? t("audit.countFirst", { n: audit.facts.value.length }) : plural("audit.count", audit.facts.value.length)}</span><span class="grow" />
        <input class="filter" type="search" value={filter} placeholder={t("audit.find")} aria-label={t("audit.find")} onInput={(event) => setFilter(event.currentTarget.value)} />
      </header>
      <div class="facts-scroll">
        {shown.length ? <ol class="fact-list">{shown.map((fact) => <One key={fact.position} fact={fact} here={fact.position === here} />)}</ol> : <Blank icon="search" title={t("audit.none")} />}
        {audit.next.value ? <button type="button" class="button quiet" onClick={() => void audit.loadMore()}>{t("audit.more")}</button> : null}
      </div>
    </section>
  );
}

function One({ fact, here }: { fact: Fact; here: boolean }) {
  const [open, setOpen] = useState(false);
  const at = audit.at.value ?? 0;
  const after = fact.position > at;
  const line = useRef<HTMLLIElement>(null);
  useEffect(() => { if (here) line.current?.scrollIntoView({ block: "nearest" }); }, [here]);
  return (
    <li ref={line} id={`fact-${fact.position}`} class={`fact${after ? " after" : ""}${here ? " here" : ""}`}>
      <div class="fact-head">
        <button type="button" class="fact-position" title={t("audit.asOf")} onClick={() => audit.moveTo(fact.position)}>{fact.position}</button>
        <button type="button" class="fact-name" aria-expanded={open} onClick={() => setOpen(!open)}><Icon name={open ? "down" : "right"} /><Name name={fact.name} /></button>
        <span class="fact-actor muted"><Icon name={fact.actor.kind === "bot" ? "bot" : fact.actor.kind === "system" ? "clock" : "user"} />{fact.actor.name || agentName(fact.actor.id) || fact.actor.kind}</span>
        <span class="grow" />
        {fact.cause === null ? null : <button type="button" class="fact-cause" onClick={() => show(fact.cause!)}>{t("audit.cause", { n: fact.cause })}</button>}
        <When at={fact.recorded_at} />
      </div>
      {open ? <Parts fact={fact} /> : null}
    </li>
  );
}

/** Go to the fact that caused this one. */
function show(position: number): void {
  const line = document.getElementById(`fact-${position}`);
  line?.scrollIntoView({ block: "center" });
  line?.querySelector<HTMLElement>(".fact-name")?.focus();
}

export function Name({ name }: { name: string }) {
  const [thing, ...rest] = name.split(".");
  return <code class="event-name"><span class={`thing of-${thing}`}>{thing}</span>.{rest.slice(0, -1).join(".")}<small>.{rest[rest.length - 1]}</small></code>;
}

function Parts({ fact }: { fact: Fact }) {
  return (
    <div class="parts">
      <div class="part"><h4>{t("audit.open")}</h4><Tree value={fact.open} /></div>
      <div class="part sealed"><h4><Icon name="shield" />{t("audit.sealed")}</h4>
        {fact.sealed === "erased" ? <p class="erased">{t("audit.erased")}</p> : fact.sealed === null ? <p class="muted">{t("audit.noSealed")}</p> : <Tree value={fact.sealed} />}
      </div>
      <p class="fact-foot muted">
        <span>{t("audit.version", { n: fact.version })}</span><span>{t("audit.command")} <code>{fact.command || "–"}</code></span><span>{exact(fact.recorded_at, lang.value)}</span>
        {fact.raw ? <a href={fact.raw.startsWith("/") ? fact.raw : rawLetter(fact.raw)} download><Icon name="download" />{t("audit.raw")}</a> : null}
      </p>
    </div>
  );
}
