/** Our own line icons on a 16 px grid. */
const PATHS = {
  mail: "M2 4.500h12v8H2z M2.3 4.8 8 9l5.7-4.2",
  webform: "M3 2.500h10v11H3z M5.5 5.500h5 M5.5 8h5 M5.5 10.500h3",
  chat: "M2.5 3h11v8H7l-3 2.500V11H2.500z",
  sms: "M4.5 1.500h7v13h-7z M7.5 12.300h1",
  telegram: "M14 2.5 2 7.300l4 1.5 1.5 4.7 2.2-2.9 3 2.200z",
  user: "M8 8a2.8 2.8 0 1 0 0-5.600A2.8 2.8 0 0 0 8 8z M2.8 14c.5-2.8 2.5-4.2 5.2-4.200s4.7 1.4 5.2 4.2",
  inbox: "M2 9l2-6h8l2 6v4.500H2z M2 9h3.500l1 2h3l1-2H14",
  flag: "M3.5 14V2.5 M3.5 3h8.500l-2 3 2 3H3.5",
  moon: "M12.8 9.800A5.5 5.5 0 0 1 6.2 3.2 5.5 5.5 0 1 0 12.8 9.800z",
  check: "M3 8.5 6.5 12 13 4.5",
  ban: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z M3.8 3.800l8.4 8.4",
  pause: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z M6.5 6v4 M9.5 6v4",
  tray: "M2.5 8.500v5h11v-5 M8 2v7 M5.3 6.5 8 9.200l2.7-2.7",
  search: "M7 2.500a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9z M10.3 10.3 14 14",
  pen: "M3 13l.7-3L11 2.700l2.3 2.300L6 12.300z",
  reply: "M6.5 3.5 2.5 7.500l4 4 M2.8 7.500H9c3 0 4.5 1.6 4.5 5",
  replyAll: "M8.5 3.500l-4 4 4 4 M5.5 3.500l-4 4 4 4 M4.8 7.500H10c2.7 0 4.2 1.6 4.2 5",
  forward: "M9.5 3.500l4 4-4 4 M13.2 7.500H7c-3 0-4.5 1.6-4.5 5",
  note: "M3 2.500h10v7l-4 4H3z M13 9.500H9v4",
  tag: "M2.5 2.500h5.500l5.7 5.7-5.5 5.500L2.5 8z M5.3 5.300h.01",
  clip: "M12.5 7 7.5 12a2.9 2.9 0 0 1-4.1-4.100l5.3-5.300a2 2 0 0 1 2.8 2.800L6.3 10.600a1 1 0 0 1-1.4-1.400l4.6-4.6",
  send: "M2.5 8 13.5 2.8 10.5 13.5 7.5 9z M7.5 9l6-6.2",
  panel: "M2 3h12v10H2z M10 3v10",
  dots: "M3.5 8h.01 M8 8h.01 M12.5 8h.01",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4 6 8l4 4",
  close: "M4 4l8 8 M12 4l-8 8",
  plus: "M8 3v10 M3 8h10",
  warn: "M8 2.3 14.3 13.500H1.700z M8 6.500v3.2 M8 11.600h.01",
  shield: "M8 1.8 13 3.500v4c0 3.2-2 5.4-5 6.7-3-1.3-5-3.5-5-6.700v-4z",
  shieldCheck: "M8 1.8 13 3.500v4c0 3.2-2 5.4-5 6.7-3-1.3-5-3.5-5-6.700v-4z M5.6 7.800l1.8 1.8 3-3.4",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z M8 4.800V8l2.2 1.6",
  link: "M6.8 9.2 9.2 6.8 M7.5 4.800l1.8-1.800a2.6 2.6 0 0 1 3.7 3.700L11.2 8.5 M8.5 11.200l-1.8 1.800A2.6 2.6 0 0 1 3 9.300l1.8-1.8",
  file: "M4 1.800h5l3 3v9.400H4z M9 1.800v3h3",
  image: "M2 3h12v10H2z M2.3 11.500l3.5-3.5 2.7 2.7 2-2 3.2 3 M10.5 6h.01",
  globe: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z M2 8h12 M8 2c2 2 2.5 4 2.5 6S10 12 8 14c-2-2-2.5-4-2.5-6S6 4 8 2z",
  people: "M6 7.500a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600z M1.8 13c.3-2.4 1.9-3.6 4.2-3.600s3.9 1.2 4.2 3.6 M10.5 3.300a2.2 2.2 0 0 1 0 4 M12 9.700c1.4.5 2.1 1.6 2.3 3.3",
  history: "M2.5 8a5.5 5.5 0 1 1 1.7 4 M2.3 12.300v-2.600h2.6 M8 5v3.200l2 1.3",
  undo: "M5.5 3 2.5 6l3 3 M2.8 6H9.500a3.8 3.8 0 0 1 0 7.500H6",
  download: "M8 2v8 M4.8 7 8 10.2 11.2 7 M2.5 13.500h11",
  bot: "M3 5.500h10v7.500H3z M8 5.500v-3 M6 8.500h.01 M10 8.500h.01 M6.2 10.800h3.6",
  menu: "M2.5 4.500h11 M2.5 8h11 M2.5 11.500h11",
  keyboard: "M1.5 4h13v8.500h-13z M4 6.800h.01 M6.7 6.800h.01 M9.3 6.800h.01 M12 6.800h.01 M5 10h6",
  expand: "M9.5 2.500h4v4 M6.5 13.500h-4v-4 M13.3 2.7 9.3 6.7 M2.7 13.300l4-4",
  quote: "M3 5h10 M3 8h10 M3 11h6",
  star: "M8 2.200l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.400l-3.6 1.9.7-4L2.2 6.500l4-.6z",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z M8 1.500v1.2 M8 13.300v1.2 M1.5 8h1.2 M13.3 8h1.2 M3.4 3.400l.9.9 M11.7 11.700l.9.9 M12.6 3.400l-.9.9 M4.3 11.700l-.9.9",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, label }: { name: IconName; label?: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden={label ? undefined : "true"} role={label ? "img" : undefined} aria-label={label}>
      <path d={PATHS[name]} />
    </svg>
  );
}

const CHANNELS: Record<string, IconName> = { email: "mail", webform: "webform", chat: "chat", sms: "sms", telegram: "telegram" };
export const channelIcon = (channel: string): IconName => CHANNELS[channel] ?? "mail";
