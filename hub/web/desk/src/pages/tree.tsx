/** Any JSON as names and values, nested ones indented; moments are told as people tell them, exactly on hover. */
import { lang } from "../i18n";
import { moment } from "../logic/times";

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/;

export function Tree({ value }: { value: unknown }) {
  if (Array.isArray(value)) return value.length ? <ol class="tree">{value.map((one, at) => <li key={at}><Tree value={one} /></li>)}</ol> : <span class="muted">–</span>;
  if (value && typeof value === "object") return <Fields value={value as Record<string, unknown>} />;
  if (typeof value === "string" && MOMENT.test(value)) return <time dateTime={value} title={value}>{moment(value, lang.value)}</time>;
  return <span class={value === "" || value === null || value === undefined ? "muted" : `value ${typeof value}`}>{plain(value)}</span>;
}

function Fields({ value }: { value: Record<string, unknown> }) {
  const entries = Object.entries(value);
  if (!entries.length) return <span class="muted">–</span>;
  return <dl class="tree">{entries.map(([name, inner]) => <div key={name}><dt>{name}</dt><dd><Tree value={inner} /></dd></div>)}</dl>;
}

function plain(value: unknown): string {
  return value === null || value === undefined || value === "" ? "–" : typeof value === "string" ? value : JSON.stringify(value);
}
