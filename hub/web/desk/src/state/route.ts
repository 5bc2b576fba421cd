/** Where we are: the address bar is the truth. */
import { signal } from "@preact/signals";
import type { ViewName } from "../api/types";

export type Route =
  | { page: "inbox"; view: ViewName; conversation: string | null; compose: boolean }
  | { page: "customer" | "history"; id: string }
  | { page: "search"; q: string }
  | { page: "parked" | "agents" | "saved" | "lost" };

export const VIEWS: readonly ViewName[] = ["mine", "unassigned", "open", "complaints", "snoozed", "resolved", "spam"];

/** The route of a path and query, e.g. "/inbox/mine/4f…". */
export function routeOf(path: string, query = ""): Route {
  const [first = "", second = "", third = ""] = path.split("/").filter(Boolean).map(decodeURIComponent);
  switch (first) {
    case "":
      return { page: "inbox", view: "open", conversation: null, compose: false };
    case "inbox":
      return inbox(second, third);
    case "customers":
      return second ? { page: third === "history" ? "history" : "customer", id: second } : { page: "lost" };
    case "search":
      return { page: "search", q: new URLSearchParams(query).get("q") ?? "" };
    case "parked":
    case "agents":
      return { page: first };
    case "saved-replies":
      return { page: "saved" };
    default:
      return { page: "lost" };
  }
}

function inbox(view: string, conversation: string): Route {
  if (view === "parked") return { page: "parked" };
  if (!VIEWS.includes(view as ViewName)) return view ? { page: "lost" } : routeOf("/");
  const compose = conversation === "new";
  return { page: "inbox", view: view as ViewName, conversation: compose ? null : conversation || null, compose };
}

export const route = signal<Route>(routeOf(location.pathname, location.search));

/** Go to an address of the desk. `replace` leaves no trace in the history. */
export function go(path: string, replace = false): void {
  if (path === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", path);
  route.value = routeOf(location.pathname, location.search);
}

export function followAddressBar(): void {
  addEventListener("popstate", () => {
    route.value = routeOf(location.pathname, location.search);
  });
}

export const pathOfView = (view: ViewName): string => (view === "parked" ? "/parked" : `/inbox/${view}`);
export const pathOf = (view: ViewName, conversation: string): string => `/inbox/${view}/${conversation}`;

/** A plain click on one of our links stays in the page; new tabs and the like are the browser's. */
export function onLink(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[href]");
  const ours = link && link.origin === location.origin && !link.target && !link.hasAttribute("download") && !link.pathname.startsWith("/api/");
  if (!ours || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
