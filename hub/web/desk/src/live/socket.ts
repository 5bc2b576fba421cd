/** The live feed: what changed, who is there. It comes back by itself, from the position it had reached. */
import { signal } from "@preact/signals";
import type { LiveMessage, LiveRequest } from "../api/types";

/** When the connection was lost, or null while it holds. */
export const offlineSince = signal<number | null>(null);
export const connected = signal(false);

const LONGEST = 15_000;
let socket: WebSocket | null = null;
let position: number | null = null;
let tries = 0;
let closed = true;
let timer = 0;
let heard: (message: LiveMessage) => void = () => {};

export function connect(listener: (message: LiveMessage) => void): void {
  heard = listener;
  closed = false;
  addEventListener("online", soon);
  dial();
}

export function disconnect(): void {
  closed = true;
  clearTimeout(timer);
  removeEventListener("online", soon);
  socket?.close();
  socket = null;
  position = null;
}

export function tell(request: LiveRequest): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
}

function soon(): void {
  clearTimeout(timer);
  if (!closed && socket?.readyState !== WebSocket.OPEN) dial();
}

function dial(): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const mine = new WebSocket(`${scheme}://${location.host}/api/v1/live${position === null ? "" : `?after=${position}`}`);
  socket = mine;
  mine.onmessage = (event: MessageEvent<string>) => mine === socket && hear(JSON.parse(event.data) as LiveMessage);
  mine.onclose = () => mine === socket && lost();
}

function hear(message: LiveMessage): void {
  if (message.type === "hello") {
    tries = 0;
    connected.value = true;
  }
  if ("position" in message) position = Math.max(position ?? 0, message.position);
  if (message.type === "bye") closed = true;
  heard(message);
}

function lost(): void {
  connected.value = false;
  if (closed) return;
  offlineSince.value ??= Date.now();
  tries += 1;
  // Jitter keeps a whole office from calling at the same instant after a restart.
  timer = window.setTimeout(dial, Math.min(LONGEST, 300 * 2 ** Math.min(tries, 6)) * (0.5 + Math.random() / 2));
}
