/** One way to talk to the hub: JSON, the CSRF token, an idempotency key for each order, and every no in words. */
import type { Done, Problem } from "./types";

/** A no of the hub, or that it can't be reached (`status` 0, `code` "offline"). */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Record<string, unknown>;
  constructor(status: number, problem: Problem) {
    super(problem.message);
    this.status = status;
    this.code = problem.code;
    this.detail = problem.detail ?? {};
  }
}

/** Who speaks: set at sign-in and when the language changes. */
export const caller = { csrf: "", language: "en", offline: "The hub can't be reached.", signedOut: () => {} };

type Method = "GET" | "POST" | "PUT" | "DELETE";
const WAITS = [400, 1500];

/** Ask for something. `atLeast`: wait until the views show this position. */
export async function read<T>(path: string, atLeast = 0, signal?: AbortSignal): Promise<T> {
  const target = atLeast ? `${path}${path.includes("?") ? "&" : "?"}at_least=${atLeast}` : path;
  const answer = await send("GET", target, signal ? { signal } : {});
  return answer.status === 204 ? (null as T) : ((await answer.json()) as T);
}

/** Order something. Repeated with the same key while the hub can't be reached, so that it happens once. */
export async function order<T = Done>(method: Method, path: string, body?: unknown): Promise<T> {
  const key = crypto.randomUUID();
  const init = { body: body === undefined ? null : JSON.stringify(body), headers: { "Idempotency-Key": key } };
  const answer = await stubbornly(() => send(method, path, init));
  return answer.status === 204 ? (undefined as T) : ((await answer.json()) as T);
}

/** Send a file; `told` hears the share that has left, 0 to 1. */
export function upload<T>(path: string, file: File, told: (share: number) => void): Promise<T> {
  return new Promise((settle, refuse) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append("file", file, file.name);
    request.open("POST", path);
    request.setRequestHeader("X-CSRF", caller.csrf);
    request.setRequestHeader("Accept-Language", caller.language);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onerror = () => refuse(unreachable());
    request.onload = () =>
      request.status < 300 ? settle(request.response as T) : refuse(new Refused(request.status, asProblem(request.response, request.status)));
    request.send(form);
  });
}

async function stubbornly(attempt: () => Promise<Response>): Promise<Response> {
  for (const wait of WAITS) {
    try {
      return await attempt();
    } catch (no) {
      if (!(no instanceof Refused) || no.status !== 0) throw no;
      await new Promise((go) => setTimeout(go, wait));
    }
  }
  return attempt();
}

async function send(method: Method, path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Accept-Language", caller.language);
  if (init.body) headers.set("Content-Type", "application/json");
  if (method !== "GET") headers.set("X-CSRF", caller.csrf);
  const answer = await fetch(path, { ...init, method, headers }).catch((broken: unknown) => {
    throw broken instanceof DOMException && broken.name === "AbortError" ? broken : unreachable();
  });
  caller.csrf = answer.headers.get("X-CSRF") ?? caller.csrf;
  if (answer.ok) return answer;
  throw await refusal(answer, path);
}

async function refusal(answer: Response, path: string): Promise<Refused> {
  const body: unknown = await answer.json().catch(() => null);
  const refused = new Refused(answer.status, asProblem(body, answer.status));
  if (answer.status === 401 && !path.endsWith("/session")) caller.signedOut();
  return refused;
}

function asProblem(body: unknown, status: number): Problem {
  const known = body && typeof body === "object" && "code" in body && "message" in body;
  return known ? (body as Problem) : { code: status >= 502 ? "offline" : "unexpected", message: status >= 502 ? caller.offline : `HTTP ${status}` };
}

function unreachable(): Refused {
  return new Refused(0, { code: "offline", message: caller.offline });
}
