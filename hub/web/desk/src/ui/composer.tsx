/** Where letters and notes are written. */
import { useEffect, useRef, useState } from "preact/hooks";
import { plural, named, t } from "../i18n";
import { others, writing } from "../live/presence";
import { called, forgotAttachment } from "../logic/recipients";
import * as composer from "../state/composer";
import type { Mode } from "../state/draft";
import { inboxOf, inboxes } from "../state/directory";
import * as sending from "../state/sending";
import { canWrite } from "../state/session";
import * as thread from "../state/thread";
import { say } from "../state/toasts";
import { Kbd, Tool } from "./bits";
import { AttachedFiles } from "./attached";
import { Icon } from "./icon";
import { PeopleLines } from "./people";
import { Stale } from "./stale";
import { Writing } from "./writing";

export function Composer() {
  const row = thread.row.value;
  if (!canWrite.value || !row || row.erased) return null;
  return <div class="composer-place">{composer.isOpen.value && composer.draft.value ? <Open /> : <Closed />}</div>;
}

function Closed() {
  const row = thread.row.value!;
  const name = row.customer_name || row.customer_address;
  return (
    <div class="composer closed">
      <button type="button" class="composer-start" onClick={() => composer.write(composer.draft.value?.mode ?? "reply")}><Icon name="reply" />{t("compose.replyTo", { name })}<Kbd keys="r" /></button>
      <Tool icon="replyAll" label={t("compose.reply_all")} keys="R" onClick={() => composer.write("reply_all")} />
      <Tool icon="forward" label={t("compose.forward")} keys="f" onClick={() => composer.write("forward")} />
      <Tool icon="note" label={t("compose.note")} keys="n" onClick={() => composer.write("note")} kind="note-tool" />
    </div>
  );
}

const MODES: readonly Mode[] = ["reply", "reply_all", "forward", "note"];

export function Open() {
  const draft = composer.draft.value!;
  const [over, setOver] = useState(false);
  const [large, setLarge] = useState(false);
  const box = useRef<HTMLFormElement>(null);
  const note = draft.mode === "note";
  useEffect(() => () => { writing.value = false; }, []);

  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (event.dataTransfer?.files.length && !note) composer.attach(event.dataTransfer.files);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      void sending.send(event.shiftKey && draft.mode !== "note" && draft.mode !== "new");
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      event.preventDefault();
      composer.close();
      document.querySelector<HTMLElement>(".thread")?.focus();
    }
  };
  return (
    <form ref={box} class={`composer open${note ? " note" : ""}${over ? " over" : ""}${large ? " large" : ""}`} onSubmit={(event) => event.preventDefault()} onKeyDown={onKeyDown}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }} onDragLeave={() => setOver(false)} onDrop={onDrop}
      onFocusIn={() => (writing.value = true)} onFocusOut={() => (writing.value = false)} aria-label={t(`compose.${draft.mode}`)}>
      <header class="composer-head">
        {draft.mode === "new" ? <NewHead /> : <Modes />}
        <span class="grow" />
        <Saved />
        <Tool icon="expand" label={t(large ? "compose.shrink" : "compose.expand")} pressed={large} onClick={() => setLarge(!large)} />
        <Tool icon="down" label={t("app.close")} keys="Esc" onClick={() => composer.close()} />
      </header>
      <Busy />
      {note ? null : <PeopleLines />}
      <Writing />
      <AttachedFiles />
      {!note && forgotAttachment(draft.text, draft.files.length) ? <p class="hint warn"><Icon name="clip" />{t("compose.forgot")}</p> : null}
      {sending.problem.value ? <p class="hint warn" role="alert"><Icon name="warn" />{sending.problem.value}</p> : null}
      <Stale />
      <Foot />
      {over ? <div class="drop-here">{t("compose.drop")}</div> : null}
    </form>
  );
}

function Modes() {
  const { mode } = composer.draft.value!;
  return (
    <div class="segments small" role="group" aria-label={t("compose.mode")}>
      {MODES.map((name) => <button key={name} type="button" class={`${name}${name === mode ? " chosen" : ""}`} aria-pressed={name === mode} onClick={() => composer.write(name)}>{t(`compose.${name as "reply"}`)}</button>)}
    </div>
  );
}

function NewHead() {
  const { account } = composer.draft.value!;
  return (
    <label class="from-inbox">
      <span>{t("compose.from")}</span>
      <select value={account} onChange={(event) => composer.change({ account: event.currentTarget.value })}>
        {inboxes.value.filter((inbox) => inbox.kind !== "webform").map((inbox) => <option key={inbox.account} value={inbox.account}>{inbox.name} ({inbox.address})</option>)}
      </select>
    </label>
  );
}

function Saved() {
  const { value } = composer.saved;
  return <span class="muted saved" role="status">{value === "saved" ? t("compose.saved") : value === "saving" ? t("compose.saving") : value === "failed" ? t("compose.unsaved") : ""}</span>;
}

function Busy() {
  const people = others(composer.place.value).filter((person) => person.doing === "writing");
  if (!people.length) return null;
  return <p class="hint presence" role="status"><Icon name="pen" />{plural("compose.presence", people.length, { names: named(people.map((person) => called({ name: person.name, address: "" }))) })}</p>;
}

function Foot() {
  const draft = composer.draft.value!;
  const [note, fresh] = [draft.mode === "note", draft.mode === "new"];
  const complaint = thread.complaint.value;
  const input = useRef<HTMLInputElement>(null);
  const signature = note ? "" : inboxOf(draft.account)?.signature;
  return (
    <footer class="composer-foot">
      <button type="button" class={`button ${note ? "note" : "primary"}`} disabled={sending.busy.value} onClick={() => void sending.send()} aria-keyshortcuts="Control+Enter">
        {sending.busy.value ? t("compose.sending") : t(note ? "compose.addNote" : "compose.send")}<Kbd keys="mod+Enter" />
      </button>
      {note || fresh ? null : <button type="button" class="button" disabled={sending.busy.value} onClick={() => void sending.send(true)} aria-keyshortcuts="Control+Shift+Enter">{t("compose.sendResolve")}</button>}
      {note ? null : (
        <>
          <Tool icon="clip" label={t("compose.attach")} onClick={() => input.current?.click()} />
          <input ref={input} type="file" multiple hidden onChange={(event) => { composer.attach(event.currentTarget.files ?? []); event.currentTarget.value = ""; }} />
        </>
      )}
      {!note && !fresh && complaint?.phase === "responded" && !complaint.told_at ? (
        <label class="check"><input type="checkbox" checked={sending.tells.value === complaint.id} onChange={(event) => (sending.tells.value = event.currentTarget.checked ? complaint.id : "")} />{t("compose.tellsOutcome", { number: complaint.number })}</label>
      ) : null}
      <span class="grow" />
      {signature ? <span class="signature muted" title={signature}>{signature.split("\n").find((line) => line.trim() && line.trim() !== "--")}</span> : null}
      <Tool icon="close" label={t("compose.discard")} onClick={() => { composer.discard(); say(t("compose.discarded")); }} />
    </footer>
  );
}
