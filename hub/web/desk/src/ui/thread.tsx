/** The right pane: one conversation, its head, its entries, and the composer below. */
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { plural, t, lang } from "../i18n";
import { moment } from "../logic/times";
import { others } from "../live/presence";
import * as actions from "../state/actions";
import { agentName } from "../state/directory";
import * as layers from "../state/layers";
import * as prefs from "../state/prefs";
import { contextShown, toggleContext } from "../state/room";
import { pathOfView, route } from "../state/route";
import { canWrite } from "../state/session";
import * as thread from "../state/thread";
import { Avatar, Bars, Blank, ComplaintBadge, Failed, StatusMark, Tool } from "./bits";
import { Composer } from "./composer";
import { Entries } from "./entries";
import { Icon } from "./icon";

export function ThreadPane() {
  if (thread.state.value === "none") return <section class="thread-pane" id="main" tabIndex={-1} aria-label={t("thread.label")}><div class="fill"><Blank icon="inbox" title={t("thread.pick")} hint={t("thread.pickHint")} /></div></section>;
  return (
    <section class="thread-pane" id="main" tabIndex={-1} aria-label={t("thread.label")}>
      {thread.state.value === "failed" ? <><BackLink /><Failed title={t("thread.failed")} hint={thread.failure.value} retry={() => void thread.refresh(0, true)} /></> : null}
      {thread.state.value === "loading" ? <Skeleton /> : null}
      {thread.state.value === "ready" ? <><Head /><Scroll /><Composer /></> : null}
    </section>
  );
}

function Skeleton() {
  return (
    <div class="thread-ghost" aria-busy="true" aria-label={t("app.loading")}>
      <BackLink />
      {[60, 90, 40].map((width, at) => <div class="card ghost" key={at}><Bars widths={[30, 90, 80, width as 60]} /></div>)}
    </div>
  );
}

export function BackLink() {
  const here = route.value;
  return <a class="tool back" href={here.page === "inbox" ? pathOfView(here.view) : "/"} aria-label={t("app.back")} title={`${t("app.back")}  u`}><Icon name="left" /></a>;
}

function Head() {
  const row = thread.row.value!;
  return (
    <header class="pane-head thread-head">
      <div class="thread-title">
        <BackLink />
        <h1 title={row.subject}>{row.erased ? t("app.erased") : row.subject || t("list.noSubject")}</h1>
        {canWrite.value && !row.erased ? <Toolbar /> : null}
        <Tool icon="panel" label={t(contextShown.value ? "panel.hide" : "panel.show")} keys="\" pressed={contextShown.value} onClick={toggleContext} kind="context-switch" />
      </div>
      <div class="thread-meta">
        <StatusMark row={row} />
        {row.snoozed_until && row.status === "snoozed" ? <span class="muted">{t("list.until", { time: moment(row.snoozed_until, lang.value) })}</span> : null}
        {row.complaint ? <ComplaintBadge complaint={row.complaint} /> : null}
        <OwnerButton />
        <span class="muted inbox-name">{row.inbox_name}</span>
        <span class="muted">{plural("thread.messages", row.messages)}</span>
        <Tags />
        <Viewers />
        <span class="grow" />
        <EventsChip />
      </div>
    </header>
  );
}

function Toolbar() {
  const row = thread.row.value!;
  const at = row.conversation;
  const over = row.status === "resolved" || row.status === "closed";
  const asleep = row.status === "snoozed";
  const complained = !!row.complaint && row.complaint.phase !== "detected" && row.complaint.phase !== "closed";
  return (
    <div class="toolbar" role="toolbar" aria-label={t("cheat.group.act")}>
      <Tool icon="tag" label={t("act.tag")} keys="t" onClick={() => layers.open({ kind: "tag", conversation: at })} />
      <Tool icon="flag" label={t(complained ? "act.notComplaint" : "act.complaint")} keys="c" pressed={complained} onClick={() => void actions.toggleComplaint(at)} />
      <Tool icon="ban" label={t(row.spam ? "act.notSpam" : "act.spam")} keys="!" onClick={() => void actions.toggleSpam(at)} />
      {asleep ? <Tool icon="sun" label={t("act.wake")} keys="E" onClick={() => void actions.reopen(at)} /> : null}
      {over ? null : <Tool icon="moon" label={t("act.snooze")} keys="h" onClick={() => layers.open({ kind: "snooze", conversation: at })} />}
      {over
        ? <Tool icon="undo" label={t("act.reopen")} keys="E" text kind="framed" onClick={() => void actions.reopen(at)} />
        : <Tool icon="check" label={t("act.resolve")} keys="e" text kind="framed" onClick={() => void actions.resolve(at)} />}
    </div>
  );
}

function OwnerButton() {
  const row = thread.row.value!;
  const name = row.assignee ? row.assignee.name || agentName(row.assignee.id) : t("thread.assignNobody");
  const inside = <>{row.assignee ? <Avatar name={name} small /> : <Icon name="user" />}{name}</>;
  if (!canWrite.value) return <span class="owner-chip">{inside}</span>;
  return <button type="button" class="owner-chip" onClick={() => layers.open({ kind: "assign", conversation: row.conversation })} title={`${t("act.assignTo")}  a`}>{inside}</button>;
}

function Tags() {
  const row = thread.row.value!;
  return (
    <>
      {row.tags.map((tag) => (
        <span class="badge tag" key={tag}>{tag}
          {canWrite.value ? <button type="button" class="chip-x" aria-label={t("act.removeTag", { name: tag })} onClick={() => void actions.toggleTag(row.conversation, tag)}><Icon name="close" /></button> : null}
        </span>
      ))}
    </>
  );
}

function Viewers() {
  const people = others(thread.id.value ?? "");
  if (!people.length) return null;
  return (
    <span class="viewers" role="status">
      {people.map((person) => (
        <span key={person.id} class={`viewer ${person.doing}`} title={plural(person.doing === "writing" ? "compose.presence" : "compose.viewing", 1, { names: person.name })}>
          <Avatar name={person.name} small />{person.doing === "writing" ? <Icon name="pen" /> : null}
        </span>
      ))}
    </span>
  );
}

/** Shows or hides what happened between the letters. */
function EventsChip() {
  const on = prefs.system.value;
  return <button type="button" class="chip" aria-pressed={on} title={`${t("key.system")}  l`} onClick={() => (prefs.system.value = !on)}><Icon name={on ? "check" : "close"} />{t("thread.events")}</button>;
}

/** Opens at the newest entry and stays where it is when something arrives, unless one reads the end. */
function Scroll() {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const conversation = thread.id.value;
  const count = thread.entries.value.length;
  const first = thread.entries.value[0]?.position ?? 0;
  const before = useRef({ conversation, first, height: 0 });
  const toEnd = () => box.current?.scrollTo({ top: box.current.scrollHeight });

  useLayoutEffect(() => {
    const at = box.current!;
    const changed = before.current.conversation !== conversation;
    if (changed || (atEnd.current && first === before.current.first)) at.scrollTop = at.scrollHeight;
    else if (first < before.current.first) at.scrollTop += at.scrollHeight - before.current.height;
    before.current = { conversation, first, height: at.scrollHeight };
  }, [conversation, count, first]);

  useEffect(() => {
    const watch = new ResizeObserver(() => atEnd.current && toEnd());
    watch.observe(box.current!.firstElementChild!);
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);

  const onScroll = () => {
    const at = box.current!;
    atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 60;
  };
  return <div class="thread" ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label={plural("thread.messages", thread.row.value?.messages ?? 0)}><Entries /></div>;
}
