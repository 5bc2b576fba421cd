/** Small pieces that many panes share. */
import type { ComponentChildren } from "preact";
import type { Row, Status } from "../api/types";
import { lang, maybe, t } from "../i18n";
import { initials, tint } from "../logic/text";
import { duration, exact, short, waited } from "../logic/times";
import { now } from "../state/clock";
import { Icon, type IconName } from "./icon";

export function Avatar({ name, small, bot }: { name: string; small?: boolean; bot?: boolean }) {
  const look = `avatar tint-${tint(name, 8)}${small ? " small" : ""}${bot ? " bot" : ""}`;
  return <span class={look} aria-hidden="true">{bot ? <Icon name="bot" /> : initials(name)}</span>;
}

/** A moment, short on screen and exact on hover. */
export function When({ at, live }: { at: string; live?: boolean }) {
  return <time dateTime={at} title={exact(at, lang.value)}>{short(at, live ? now.value : Date.now(), lang.value)}</time>;
}

/** How long somebody has waited, ticking. */
export function Waiting({ since }: { since: string }) {
  const text = waited(since, now.value, lang.value);
  const late = now.value - Date.parse(since) > 24 * 3_600_000;
  return (
    <time class={late ? "waiting late" : "waiting"} dateTime={duration(since, now.value)} title={exact(since, lang.value)} aria-label={t("list.waitingFor", { time: text })}>
      <Icon name="clock" />{text}
    </time>
  );
}

const STATUS_ICONS: Record<Status, IconName | null> = { open: null, waiting: "reply", snoozed: "moon", resolved: "check", closed: "check" };

/** A status by shape, text and colour. */
export function StatusMark({ row }: { row: Pick<Row, "status" | "spam"> }) {
  if (row.spam) return <span class="status spam"><Icon name="ban" />{t("status.spam")}</span>;
  const icon = STATUS_ICONS[row.status];
  return <span class={`status ${row.status}`}>{icon ? <Icon name={icon} /> : <i class="dot" />}{t(`status.${row.status}`)}</span>;
}

export function ComplaintBadge({ complaint }: { complaint: NonNullable<Row["complaint"]> }) {
  return (
    <span class={`badge complaint ${complaint.phase}`} title={t(`phase.${complaint.phase}`)}>
      <Icon name="flag" />{complaint.number || t(`phase.${complaint.phase}`)}
    </span>
  );
}

export function Trouble({ kind }: { kind: Row["trouble"] }) {
  if (!kind) return null;
  return <span class={`badge trouble ${kind}`}><Icon name="warn" />{t(`list.${kind}Mark`)}</span>;
}

export const Tag = ({ name }: { name: string }) => <span class="badge tag">{name}</span>;

export function Channel({ channel }: { channel: string }) {
  const name = maybe(`channel.${channel}`, channel);
  return <span class="channel" title={name}><Icon name={channel === "webform" ? "webform" : channel === "chat" ? "chat" : channel === "sms" ? "sms" : channel === "telegram" ? "telegram" : "mail"} label={name} /></span>;
}

interface Pressable { icon: IconName; label: string; keys?: string; onClick: () => void; pressed?: boolean; kind?: string; text?: boolean; disabled?: boolean }

/** A button with an icon; its name and key on hover. */
export function Tool({ icon, label, keys, onClick, pressed, kind = "", text, disabled }: Pressable) {
  return (
    <button type="button" class={`tool ${kind}`} onClick={onClick} aria-label={label} aria-pressed={pressed} aria-keyshortcuts={keys} title={keys ? `${label}  ${keys}` : label} disabled={disabled}>
      <Icon name={icon} />{text ? <span>{label}</span> : null}
    </button>
  );
}

export function Kbd({ keys }: { keys: string }) {
  return (
    <span class="keys">
      {keys.split(" ").map((key, at) => [at ? <span class="then" key={`t${at}`}>{t("key.then")}</span> : null, <kbd key={at}>{pretty(key)}</kbd>])}
    </span>
  );
}

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);
const SIGNS: Record<string, string> = { Enter: "↵", ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

export function pretty(key: string): string {
  const parts = key.split("+").filter(Boolean);
  if (parts.length < 2) return SIGNS[key] ?? key;
  return parts.map((part) => (part === "mod" ? (MAC ? "⌘" : "Ctrl") : part === "Shift" ? "⇧" : (SIGNS[part] ?? part.toUpperCase()))).join(MAC ? "" : " ");
}

/** Nothing here, something broke: a drawn pane instead of a blank one. */
export function Blank({ icon, title, hint, children }: { icon: IconName; title: string; hint?: string | undefined; children?: ComponentChildren }) {
  return (
    <div class="blank">
      <span class="blank-icon"><Icon name={icon} /></span>
      <p class="blank-title">{title}</p>
      {hint ? <p class="muted">{hint}</p> : null}
      {children}
    </div>
  );
}

export function Failed({ title, hint, retry }: { title: string; hint: string; retry: () => void }) {
  return (
    <div role="alert" class="fill">
      <Blank icon="warn" title={title} hint={hint}>
        <button type="button" class="button" onClick={retry}>{t("app.retry")}</button>
      </Blank>
    </div>
  );
}

/** Grey bars where text will be. */
export function Bars({ widths }: { widths: readonly (20 | 30 | 40 | 50 | 60 | 70 | 80 | 90)[] }) {
  return <span class="bars" aria-hidden="true">{widths.map((width, at) => <i key={at} class={`bar w${width}`} />)}</span>;
}
