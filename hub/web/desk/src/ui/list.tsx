/** The middle pane: conversations of a view, moved through with j and k, never moving by themselves. */
import { useEffect, useRef } from "preact/hooks";
import type { Row, ViewName } from "../api/types";
import { lang, plural, t, type Key } from "../i18n";
import { short } from "../logic/times";
import { now } from "../state/clock";
import * as list from "../state/list";
import { go, pathOf, pathOfView, route, VIEWS } from "../state/route";
import { prefetch } from "../state/thread";
import { agentName } from "../state/directory";
import { Avatar, Bars, Blank, Channel, ComplaintBadge, Failed, StatusMark, Tag, Trouble, Waiting, When } from "./bits";
import { Icon } from "./icon";

export function ListPane() {
  return (
    <section class="list-pane" aria-label={t("list.label")}>
      <Head />
      <Pill />
      <Body />
    </section>
  );
}

function Head() {
  const n = list.counters.value?.[list.view.value];
  return (
    <header class="pane-head list-head">
      <h1><span>{t(`view.${list.view.value}`)}</span><ViewSelect /></h1>
      {n === undefined ? null : <span class="count" aria-label={plural("list.count", n)}>{n}</span>}
      <span class="grow" />
      <label class="sort">
        <span class="sr">{t("list.sort")}</span>
        <select value={list.sort.value} onChange={(event) => void list.showView(list.view.value, event.currentTarget.value as typeof list.sort.value)}>
          {(["waiting", "newest", "oldest"] as const).map((name) => <option key={name} value={name}>{t(`sort.${name}`)}</option>)}
        </select>
      </label>
    </header>
  );
}

/** On a phone the title is the menu of views. */
function ViewSelect() {
  return (
    <select class="view-select" aria-label={t("nav.views")} value={list.view.value} onChange={(event) => go(pathOfView(event.currentTarget.value as ViewName))}>
      {[...VIEWS, "parked" as const].map((name) => <option key={name} value={name}>{t(`view.${name}`)}</option>)}
    </select>
  );
}

function Pill() {
  const { value: fresh } = list.fresh;
  const show = fresh > 0 || list.gone.value.size > 0;
  return (
    <div class="pill-place" role="status">
      {show ? (
        <button type="button" class="pill" onClick={list.settle}>
          <Icon name="down" />{fresh ? plural("list.new", fresh) : t("list.changed")}
        </button>
      ) : null}
    </div>
  );
}

function Body() {
  if (list.state.value === "loading" && !list.rows.value.length) return <Skeleton />;
  if (list.state.value === "failed") return <Failed title={t("list.failed")} hint={list.failure.value} retry={() => void list.reload()} />;
  if (!list.rows.value.length) return <div class="fill"><Blank icon="check" title={t(`list.empty.${list.view.value}` as Key)} hint={t("list.emptyHint")} /></div>;
  return <Rows />;
}

function Skeleton() {
  return (
    <div class="rows" aria-busy="true" aria-label={t("app.loading")}>
      {[70, 50, 80, 60, 40, 70, 50].map((width, at) => <div class="row ghost" key={at}><Bars widths={[40, width as 70, 90]} /></div>)}
    </div>
  );
}

function Rows() {
  const here = route.value;
  const open = here.page === "inbox" ? here.conversation : null;
  const active = list.selected.value ?? open;
  const hold = { onPointerEnter: () => (list.watched.value = true), onPointerLeave: release, onFocusIn: () => (list.watched.value = true), onFocusOut: release };
  return (
    <div class="rows" role="listbox" tabIndex={0} aria-label={t(`view.${list.view.value}`)} aria-activedescendant={active ? `row-${active}` : undefined} {...hold}>
      {list.rows.value.map((row) => <RowLine key={row.conversation} row={row} open={row.conversation === open} selected={row.conversation === active} />)}
      <More />
    </div>
  );
}

/** Nobody points at the list any more, so it may come up to date. */
function release(event: Event): void {
  const pane = event.currentTarget as HTMLElement;
  list.watched.value = event.type === "pointerleave" ? pane.contains(document.activeElement) && document.activeElement !== pane : pane.matches(":hover");
}

function RowLine({ row, open, selected }: { row: Row; open: boolean; selected: boolean }) {
  const away = list.gone.value.has(row.conversation);
  const look = ["row", open && "open", selected && "selected", away && "away", row.status === "open" && row.waiting_since && "unread"].filter(Boolean).join(" ");
  const choose = () => {
    list.selected.value = row.conversation;
    go(pathOf(list.view.value, row.conversation));
  };
  return (
    <div id={`row-${row.conversation}`} class={look} role="option" aria-selected={selected} onClick={choose} onPointerEnter={() => void prefetch(row.conversation)}>
      <div class="row-top">
        <Channel channel={row.channel} />
        <span class="row-name">{row.erased ? t("app.erased") : row.customer_name || row.customer_address || t("list.nobody")}</span>
        {row.verified || row.erased ? null : <span class="unproven" title={t("list.unverified")}><Icon name="shield" label={t("list.unverified")} /></span>}
        <span class="grow" />
        <RowTime row={row} />
      </div>
      <div class="row-subject">{row.subject || t("list.noSubject")}</div>
      <div class="row-snippet">{row.snippet}</div>
      <div class="row-foot">
        {away ? <span class="badge">{t("list.moved")}</span> : <StatusMark row={row} />}
        {row.complaint ? <ComplaintBadge complaint={row.complaint} /> : null}
        <Trouble kind={row.trouble} />
        {row.tags.slice(0, 3).map((tag) => <Tag key={tag} name={tag} />)}
        <span class="grow" />
        <Owner row={row} />
      </div>
    </div>
  );
}

function Owner({ row }: { row: Row }) {
  if (!row.assignee) return null;
  const name = row.assignee.name || agentName(row.assignee.id);
  return <span class="owner" title={t("list.owner", { name })}><Avatar name={name} small /><span class="sr">{t("list.owner", { name })}</span></span>;
}

function RowTime({ row }: { row: Row }) {
  if (row.status === "snoozed" && row.snoozed_until) return <span class="row-time">{t("list.until", { time: short(row.snoozed_until, now.value, lang.value) })}</span>;
  if (row.waiting_since && row.status === "open") return <Waiting since={row.waiting_since} />;
  return <span class="row-time"><When at={row.last_at} live /></span>;
}

/** The end of the list asks for the next page when it comes into sight. */
function More() {
  const mark = useRef<HTMLDivElement>(null);
  const { value: next } = list.next;
  useEffect(() => {
    if (!mark.current || !next) return;
    const watch = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && void list.loadMore(), { rootMargin: "400px" });
    watch.observe(mark.current);
    return () => watch.disconnect();
  }, [next]);
  return <div ref={mark} class="rows-end" role="presentation">{next ? t("list.more") : null}</div>;
}
