/** Search over every letter, note and name. */
import { useEffect, useRef, useState } from "preact/hooks";
import * as calls from "../api/calls";
import type { SearchHit } from "../api/types";
import { plural, t } from "../i18n";
import { go, pathOf } from "../state/route";
import { why } from "../state/toasts";
import { Bars, Blank, Channel, ComplaintBadge, Failed, StatusMark, When } from "../ui/bits";
import { Icon } from "../ui/icon";

export function SearchPage({ q }: { q: string }) {
  const [hits, setHits] = useState<readonly SearchHit[] | null>(null);
  const [wrong, setWrong] = useState("");
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!q) return setHits([]);
    const stop = new AbortController();
    setWrong("");
    calls.search(q, 50, stop.signal).then((answer) => setHits(answer.hits), (no) => stop.signal.aborted || setWrong(why(no)));
    return () => stop.abort();
  }, [q, turn]);
  return (
    <div class="page-body search-page">
      <h1 class="sr">{t("search.title")}</h1>
      <Field q={q} />
      {wrong ? <Failed title={t("search.failed")} hint={wrong} retry={() => setTurn(turn + 1)} /> : <Hits q={q} hits={hits} />}
    </div>
  );
}

function Field({ q }: { q: string }) {
  const [typed, setTyped] = useState(q);
  const timer = useRef(0);
  useEffect(() => { document.getElementById("search-field")?.focus(); }, []);
  const onInput = (value: string) => {
    setTyped(value);
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => go(`/search${value.trim() ? `?q=${encodeURIComponent(value.trim())}` : ""}`, true), 220);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") document.querySelector<HTMLElement>(".hit")?.focus();
  };
  return (
    <label class="search-field"><Icon name="search" /><span class="sr">{t("search.title")}</span>
      <input id="search-field" type="search" value={typed} placeholder={t("search.placeholder")} onInput={(event) => onInput(event.currentTarget.value)} onKeyDown={onKeyDown} autocomplete="off" />
    </label>
  );
}

function Hits({ q, hits }: { q: string; hits: readonly SearchHit[] | null }) {
  if (!q) return <Blank icon="search" title={t("search.start")} />;
  if (!hits) return <Bars widths={[60, 90, 80, 70]} />;
  if (!hits.length) return <Blank icon="search" title={t("search.none", { q })} hint={t("search.noneHint")} />;
  const step = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [...document.querySelectorAll<HTMLElement>(".hit")];
    (all[all.indexOf(document.activeElement as HTMLElement) + by] ?? document.getElementById("search-field"))?.focus();
  };
  return (
    <>
      <p class="muted" role="status">{plural("search.hits", hits.length)}</p>
      <ol class="hit-list" onKeyDown={step}>{hits.map((hit, at) => <li key={`${hit.row.conversation}${hit.message ?? at}`}><Hit hit={hit} /></li>)}</ol>
    </>
  );
}

function Hit({ hit }: { hit: SearchHit }) {
  const { row } = hit;
  const view = row.spam ? "spam" : row.status === "resolved" || row.status === "closed" ? "resolved" : row.status === "snoozed" ? "snoozed" : "open";
  return (
    <a class="hit" href={pathOf(view, row.conversation)}>
      <span class="row-top"><Channel channel={row.channel} /><span class="row-name">{row.customer_name || row.customer_address || t("list.nobody")}</span><span class="hit-subject">{row.subject || t("list.noSubject")}</span><span class="grow" /><When at={row.last_at} /></span>
      <span class="hit-text"><Excerpt hit={hit} /></span>
      <span class="row-foot"><StatusMark row={row} />{row.complaint ? <ComplaintBadge complaint={row.complaint} /> : null}</span>
    </a>
  );
}

/** The excerpt with what was found marked. */
function Excerpt({ hit }: { hit: SearchHit }) {
  const letters = [...hit.excerpt];
  const pieces: preact.ComponentChildren[] = [];
  let end = 0;
  for (const [from, to] of hit.marks) {
    if (from < end) continue;
    pieces.push(letters.slice(end, from).join(""), <mark key={from}>{letters.slice(from, to).join("")}</mark>);
    end = to;
  }
  return <>{pieces}{letters.slice(end).join("")}</>;
}
