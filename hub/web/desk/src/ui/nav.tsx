/** The left rail: views with live counters, pages of the desk, the person signed in. */
import { useState } from "preact/hooks";
import type { ViewName } from "../api/types";
import { lang, t } from "../i18n";
import { connected, offlineSince } from "../live/socket";
import * as layers from "../state/layers";
import * as list from "../state/list";
import * as prefs from "../state/prefs";
import { pathOf, pathOfView, route } from "../state/route";
import { canWrite, isAdmin, me, signOut } from "../state/session";
import { Avatar, Kbd } from "./bits";
import { Icon, type IconName } from "./icon";

const VIEWS: readonly [ViewName, IconName][] = [
  ["mine", "user"], ["unassigned", "tray"], ["open", "inbox"], ["complaints", "flag"], ["snoozed", "moon"], ["resolved", "check"], ["spam", "ban"], ["parked", "pause"],
];

export function Nav() {
  const here = route.value;
  const compose = here.page === "inbox" ? here.view : "open";
  return (
    <nav class="nav" aria-label={t("nav.views")}>
      <a class="brand" href="/inbox/open" aria-label={t("app.name")}><Mark /><span>{t("app.name")}</span></a>
      <div class="nav-tools">
        <button type="button" class="nav-search" onClick={() => layers.open({ kind: "palette" })} aria-label={t("palette.label")}>
          <Icon name="search" /><span>{t("nav.search")}</span><Kbd keys="mod+k" />
        </button>
        {canWrite.value ? <a class="tool" href={pathOf(compose, "new")} aria-label={t("nav.compose")} title={`${t("nav.compose")}  w`}><Icon name="pen" /></a> : null}
      </div>
      <ul>{VIEWS.map(([view, icon]) => <ViewLink key={view} view={view} icon={icon} />)}</ul>
      {canWrite.value ? (
        <ul class="nav-desk">
          <PageLink href="/saved-replies" icon="quote" name={t("nav.saved")} current={here.page === "saved"} />
          {isAdmin.value ? <PageLink href="/agents" icon="people" name={t("nav.agents")} current={here.page === "agents"} /> : null}
        </ul>
      ) : null}
      <span class="grow" />
      <UserMenu />
    </nav>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" /><path d="M8 22c3.2-8.4 5.6-12.6 8-12.600S20.8 13.6 24 22" /><circle cx="16" cy="20.5" r="2.4" />
    </svg>
  );
}

function ViewLink({ view, icon }: { view: ViewName; icon: IconName }) {
  const here = route.value;
  const current = here.page === "inbox" ? here.view === view : here.page === view;
  const n = list.counters.value?.[view] ?? 0;
  return (
    <li>
      <a href={pathOfView(view)} class={`nav-link view-${view}`} aria-current={current ? "page" : undefined} title={t(`view.${view}`)}>
        <Icon name={icon} /><span class="nav-name">{t(`view.${view}`)}</span>
        {n && view !== "resolved" ? <span class="count">{n > 9999 ? "9999+" : n}</span> : null}
      </a>
    </li>
  );
}

function PageLink({ href, icon, name, current }: { href: string; icon: IconName; name: string; current: boolean }) {
  return <li><a href={href} class="nav-link" aria-current={current ? "page" : undefined} title={name}><Icon name={icon} /><span class="nav-name">{name}</span></a></li>;
}

function UserMenu() {
  const [open, setOpen] = useState(false);
  const person = me.value!;
  return (
    <div class="user" onKeyDown={(event) => { if (event.key === "Escape" && open) { setOpen(false); event.stopPropagation(); } }}>
      {open ? <Settings /> : null}
      <button type="button" class="user-button" aria-expanded={open} aria-label={`${t("nav.user")}: ${person.name}`} onClick={() => setOpen(!open)}>
        <Avatar name={person.name} small />
        <span class="user-name">{person.name}<small>{t(`role.${person.role}`)}</small></span>
        <LiveDot />
      </button>
    </div>
  );
}

function LiveDot() {
  const on = connected.value && offlineSince.value === null;
  return <span class={on ? "live on" : "live"} title={t(on ? "live.on" : "live.off")}><span class="sr">{t(on ? "live.on" : "live.off")}</span></span>;
}

function Settings() {
  return (
    <div class="settings" role="group" aria-label={t("nav.user")}>
      <Choice label={t("pref.language")} value={lang.value} options={[["en", "English"], ["zh", "简体中文"]]} choose={prefs.chooseLanguage} />
      <Choice label={t("pref.theme")} value={prefs.theme.value} options={[["system", t("pref.theme.system")], ["light", t("pref.theme.light")], ["dark", t("pref.theme.dark")]]} choose={(value) => (prefs.theme.value = value)} />
      <Choice label={t("pref.density")} value={prefs.density.value} options={[["roomy", t("pref.density.roomy")], ["compact", t("pref.density.compact")]]} choose={(value) => (prefs.density.value = value)} />
      <Choice label={t("pref.shortcuts")} value={prefs.shortcuts.value ? "on" : "off"} options={[["on", t("pref.on")], ["off", t("pref.off")]]} choose={(value) => (prefs.shortcuts.value = value === "on")} />
      <div class="settings-end">
        <button type="button" class="button quiet" onClick={() => layers.open({ kind: "cheatsheet" })}>{t("cheat.title")}</button>
        <button type="button" class="button quiet" onClick={() => layers.open({ kind: "password" })}>{t("pref.password")}</button>
        <button type="button" class="button quiet" onClick={() => void signOut()}>{t("pref.signOut")}</button>
      </div>
    </div>
  );
}

interface ChoiceProps<T extends string> { label: string; value: T; options: readonly (readonly [T, string])[]; choose: (value: T) => void }

/** One of a few, as a row of buttons. */
export function Choice<T extends string>({ label, value, options, choose }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div class="segments">
        {options.map(([name, text]) => (
          <label key={name} class={name === value ? "chosen" : ""}>
            <input type="radio" name={label} value={name} checked={name === value} onChange={() => choose(name)} />{text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
