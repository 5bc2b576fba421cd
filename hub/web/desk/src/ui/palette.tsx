/** Every action and every conversation, a few letters away. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import * as calls from "../api/calls";
import type { Row } from "../api/types";
import { t } from "../i18n";
import { possible, RUN } from "../keys/run";
import { ranked } from "../logic/fuzzy";
import * as list from "../state/list";
import { go, pathOf } from "../state/route";
import { Channel, Kbd } from "./bits";
import { Icon } from "./icon";
import { Picker, type Choice } from "./picker";

const found = signal<readonly Row[]>([]);
let timer = 0;
let asked = new AbortController();

export function Palette() {
  useEffect(() => () => { clearTimeout(timer); asked.abort(); found.value = []; }, []);
  const rows = [...new Map([...list.rows.value, ...found.value].map((row) => [row.conversation, row])).values()];
  return <Picker label={t("palette.label")} placeholder={t("palette.placeholder")} choices={(typed) => choices(typed, rows)} none={t("palette.none")} onType={ask} />;
}

function choices(typed: string, rows: readonly Row[]): Choice[] {
  const actions = ranked(typed, possible().filter((one) => !one.quiet), (one) => t(one.label)).slice(0, typed ? 8 : 40).map(({ item, marks }): Choice => ({
    id: item.id, text: t(item.label), marks, group: t("palette.actions"), before: <Icon name="right" />, after: item.keys[0] ? <Kbd keys={item.keys[0]} /> : null, run: RUN[item.id],
  }));
  if (!typed.trim()) return actions;
  const hits = new Set(found.value.map((row) => row.conversation));
  const text = (row: Row) => `${row.customer_name || row.customer_address} · ${row.subject}`;
  const matched = ranked(typed, rows, text).map(({ item, marks }) => ({ row: item, marks }));
  const others = found.value.filter((row) => hits.has(row.conversation) && !matched.some((one) => one.row.conversation === row.conversation)).map((row) => ({ row, marks: [] as number[] }));
  const talks = [...matched, ...others].slice(0, 8).map(({ row, marks }): Choice => ({
    id: row.conversation, text: text(row), marks, group: t("palette.conversations"), before: <Channel channel={row.channel} />, after: row.complaint ? <span class="muted">{row.complaint.number}</span> : null,
    run: () => go(pathOf(list.view.value, row.conversation)),
  }));
  const search: Choice = { id: "search for", text: t("palette.searchFor", { q: typed.trim() }), before: <Icon name="search" />, run: () => go(`/search?q=${encodeURIComponent(typed.trim())}`) };
  return [...actions, ...talks, search];
}

function ask(typed: string): void {
  clearTimeout(timer);
  asked.abort();
  if (typed.trim().length < 2) {
    found.value = [];
    return;
  }
  asked = new AbortController();
  const { signal: stop } = asked;
  timer = window.setTimeout(() => {
    calls.search(typed.trim(), 8, stop).then((answer) => { found.value = answer.hits.map((hit) => hit.row); }, () => undefined);
  }, 160);
}
