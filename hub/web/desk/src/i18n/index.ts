/** Words in the reader's language. Components that call `t` follow a switch of the language by themselves. */
import { signal } from "@preact/signals";
import { caller } from "../api/http";
import type { Lang } from "../logic/times";
import { en } from "./en";
import { zh } from "./zh";

export type Key = keyof typeof en;
export type Values = Readonly<Record<string, string | number>>;
type Plural = Key extends infer K ? (K extends `${infer Stem}.one` ? Stem : never) : never;

const WORDS: Record<Lang, Record<Key, string>> = { en, zh };
const PLURALS = { en: new Intl.PluralRules("en"), zh: new Intl.PluralRules("zh") };

export const lang = signal<Lang>("en");

/** The sentence of this key. A value that is not given stays as written. */
export function t(key: Key, values: Values = {}): string {
  return WORDS[lang.value][key].replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** The sentence for this number of things. */
export function plural(stem: Plural, n: number, values: Values = {}): string {
  const form = PLURALS[lang.value].select(n) === "one" ? "one" : "other";
  return t(`${stem}.${form}` as Key, { n, ...values });
}

/** The sentence of a key that is put together at run time, or the text itself when there is none. */
export function maybe(key: string, otherwise: string, values: Values = {}): string {
  return key in en ? t(key as Key, values) : otherwise;
}

/** Names with the language's commas. */
export function named(names: readonly string[]): string {
  return new Intl.ListFormat(lang.value === "zh" ? "zh-CN" : "en-GB", { type: "conjunction" }).format(names);
}

export function speak(language: Lang): void {
  lang.value = language;
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
  caller.language = language === "zh" ? "zh-CN,zh" : "en";
  caller.offline = t("app.offline");
}
