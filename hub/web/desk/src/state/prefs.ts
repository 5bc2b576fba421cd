/** What a person has chosen for this browser: language, theme, density, panes. Kept in local storage. */
import { effect, signal } from "@preact/signals";
import { lang, speak } from "../i18n";
import type { Lang } from "../logic/times";

export type Theme = "system" | "light" | "dark";
export type Density = "roomy" | "compact";
export type Tab = "customer" | "complaint";

interface Kept { language: Lang | null; theme: Theme; density: Density; shortcuts: boolean; context: boolean; system: boolean; tab: Tab; contextWidth: number }
const FIRST: Kept = { language: null, theme: "system", density: "roomy", shortcuts: true, context: true, system: true, tab: "customer", contextWidth: 304 };
const NAME = "amends.desk";

function load(): Kept {
  try {
    return { ...FIRST, ...(JSON.parse(localStorage.getItem(NAME) ?? "{}") as Partial<Kept>) };
  } catch {
    return FIRST;
  }
}

const first = load();
export const theme = signal<Theme>(first.theme);
export const density = signal<Density>(first.density);
export const shortcuts = signal(first.shortcuts);
export const context = signal(first.context);
export const contextWidth = signal(first.contextWidth);
export const system = signal(first.system);
export const tab = signal<Tab>(first.tab);
const language = signal<Lang | null>(first.language);

/** Follow the choices from now on: on the page and in storage. */
export function follow(): void {
  speak(language.value ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en"));
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
    document.documentElement.dataset["density"] = density.value;
  });
  effect(() => {
    const kept: Kept = {
      language: language.value, theme: theme.value, density: density.value, shortcuts: shortcuts.value,
      context: context.value, system: system.value, tab: tab.value, contextWidth: contextWidth.value,
    };
    try {
      localStorage.setItem(NAME, JSON.stringify(kept));
    } catch {
      // A private window may refuse; the choices then last as long as the page.
    }
  });
}

/** The language of the account, unless one was chosen in this browser. */
export function suggestLanguage(suggested: Lang): void {
  if (language.value === null) speak(suggested);
}

export function chooseLanguage(chosen: Lang): void {
  language.value = chosen;
  speak(chosen);
}

export function otherLanguage(): void {
  chooseLanguage(lang.value === "en" ? "zh" : "en");
}

export function otherTheme(): void {
  const dark = theme.value === "dark" || (theme.value === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  theme.value = dark ? "light" : "dark";
}
