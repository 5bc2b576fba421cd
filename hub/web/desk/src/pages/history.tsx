/** The auditor's page: every fact of a customer, and how things stood as of any of them. Read-only. */
import { useEffect } from "preact/hooks";
import { lang, t } from "../i18n";
import { exact, moment } from "../logic/times";
import * as audit from "../state/audit";
import * as store from "../state/customer";
import { Bars, Failed, Tool } from "../ui/bits";
import { Icon } from "../ui/icon";
import { Facts } from "./facts";
import { StateThen } from "./then";

export function HistoryPage({ id }: { id: string }) {
  useEffect(() => void audit.showHistory(id), [id]);
  const name = store.customer.value?.name || store.customer.value?.identities[0]?.address || "…";
  if (audit.failure.value && !audit.then.value) return <Failed title={t("audit.failed")} hint={audit.failure.value} retry={() => void audit.showHistory(id)} />;
  return (
    <div class="history">
      <header class="history-head">
        <a class="tool" href={`/customers/${id}`} aria-label={t("app.back")} title={t("app.back")}><Icon name="left" /></a>
        <div><h1>{t("audit.of", { name })}</h1><p class="muted"><Icon name="shield" />{t("audit.recorded")}</p></div>
      </header>
      {audit.then.value ? <><Slider /><div class="history-panes"><Facts /><StateThen /></div></> : <div class="page-body" aria-busy="true"><Bars widths={[40, 90, 80, 60]} /></div>}
    </div>
  );
}

function Slider() {
  const stops = audit.stops();
  const at = audit.at.value ?? stops[stops.length - 1] ?? 0;
  const index = Math.max(0, stops.findLastIndex((position) => position <= at));
  const fact = audit.facts.value[index];
  const told = audit.then.value?.as_of;
  const when = (told?.position === at ? told.at : fact?.recorded_at) ?? null;
  const step = (by: number) => stops[index + by] !== undefined && audit.moveTo(stops[index + by]!);
  const said = when ? `${t("audit.position")} ${at}, ${moment(when, lang.value)}` : "";
  return (
    <section class="slider" aria-label={t("audit.asOf")}>
      <Tool icon="left" label={t("audit.prev")} onClick={() => step(-1)} disabled={index <= 0} />
      <Tool icon="right" label={t("audit.next")} onClick={() => step(1)} disabled={index >= stops.length - 1} />
      <input type="range" min={0} max={Math.max(0, stops.length - 1)} value={index} aria-label={t("audit.asOf")} aria-valuetext={said} onInput={(event) => audit.moveTo(stops[Number(event.currentTarget.value)] ?? at)} />
      <output class="as-of" title={when ? exact(when, lang.value) : ""}><strong>{at}</strong><span>{when ? moment(when, lang.value) : ""}</span></output>
      <label class="as-of-time"><span class="sr">{t("audit.time")}</span>
        <input type="datetime-local" step="1" value={when ? local(when) : ""} onChange={(event) => event.currentTarget.value && void audit.moveToTime(new Date(event.currentTarget.value))} /></label>
      <button type="button" class="button small" disabled={at >= audit.latest.value} onClick={() => void audit.moveToNow()}>{t("audit.now")}</button>
    </section>
  );
}

/** A moment as the field for local times wants it. */
function local(at: string): string {
  const day = new Date(at);
  return new Date(day.getTime() - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
