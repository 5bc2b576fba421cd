/** Moments and spans in the reader's words; all formatting is the browser's own. */

export type Lang = "en" | "zh";
const LOCALE = { en: "en-GB", zh: "zh-CN" } as const;
const kept = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${lang} ${name}`;
  const found = kept.get(key) ?? new Intl.DateTimeFormat(LOCALE[lang], options);
  kept.set(key, found);
  return found;
}

/** "4m", "3h 20m", "2d 4h": how long somebody has waited, in two units at most. */
export function waited(since: string, now: number, lang: Lang): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(since)) / 60_000));
  const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const unit = lang === "zh" ? { d: "天", h: "小时", m: "分" } : { d: "d", h: "h", m: "m" };
  if (d >= 7) return `${d}${unit.d}`;
  if (d) return h ? `${d}${unit.d} ${h}${unit.h}` : `${d}${unit.d}`;
  if (h) return m && lang === "en" ? `${h}${unit.h} ${m}${unit.m}` : `${h}${unit.h}`;
  if (!m) return lang === "zh" ? "刚刚" : "now";
  return `${m}${unit.m}`;
}

/** For machines and screen readers: the same as an ISO 8601 duration. */
export function duration(since: string, now: number): string {
  return `PT${Math.max(0, Math.floor((now - Date.parse(since)) / 60_000))}M`;
}

/** Today "14:03", this year "3 Mar", else "3 Mar 2025". */
export function short(at: string, now: number, lang: Lang): string {
  const day = new Date(at);
  const today = new Date(now);
  if (day.toDateString() === today.toDateString()) return format(lang, "time", { hour: "2-digit", minute: "2-digit" }).format(day);
  const year = day.getFullYear() === today.getFullYear() ? {} : { year: "numeric" as const };
  return format(lang, `day${year.year ?? ""}`, { day: "numeric", month: "short", ...year }).format(day);
}

/** "Sun 22 Nov, 14:03". */
export function moment(at: string | Date, lang: Lang): string {
  return format(lang, "moment", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(at));
}

/** Everything, down to the second, with the zone. */
export function exact(at: string, lang: Lang): string {
  return format(lang, "exact", { dateStyle: "full", timeStyle: "long" }).format(new Date(at));
}

/** "Sunday, 22 November". */
export function day(at: string, lang: Lang): string {
  return format(lang, "longday", { weekday: "long", day: "numeric", month: "long" }).format(new Date(at));
}

/** "22 Nov 2026". */
export function date(at: string, lang: Lang): string {
  return format(lang, "date", { day: "numeric", month: "short", year: "numeric" }).format(new Date(at));
}

/** "3 minutes ago". */
export function ago(at: string, now: number, lang: Lang): string {
  const relative = new Intl.RelativeTimeFormat(LOCALE[lang], { numeric: "auto" });
  const minutes = Math.round((Date.parse(at) - now) / 60_000);
  if (Math.abs(minutes) < 60) return relative.format(minutes, "minute");
  if (Math.abs(minutes) < 1440) return relative.format(Math.round(minutes / 60), "hour");
  return relative.format(Math.round(minutes / 1440), "day");
}

/** Whether a letter took so long that it says nothing about now: more than fifteen minutes on the way. */
export function isLate(occurred: string | null, received: string): boolean {
  return occurred !== null && Date.parse(received) - Date.parse(occurred) > 15 * 60_000;
}

/** "12 kB". */
export function size(bytes: number, lang: Lang): string {
  const [value, unit] = bytes < 1000 ? [bytes, "byte"] : bytes < 1_000_000 ? [bytes / 1000, "kilobyte"] : [bytes / 1_000_000, "megabyte"];
  return new Intl.NumberFormat(LOCALE[lang], { style: "unit", unit, maximumFractionDigits: value < 10 && unit !== "byte" ? 1 : 0 }).format(value);
}
