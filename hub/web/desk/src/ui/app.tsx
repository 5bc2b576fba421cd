/** The whole page: the login, or the rail with whatever the address says. */
import { Component, type ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { lang, t } from "../i18n";
import { short } from "../logic/times";
import { offlineSince } from "../live/socket";
import { contextWidth } from "../state/prefs";
import { contextShown } from "../state/room";
import { route, type Route } from "../state/route";
import { me } from "../state/session";
import * as thread from "../state/thread";
import { enterDesk } from "../state/visit";
import { AgentsPage, CustomerPage, HistoryPage, ParkedPage, SavedPage, SearchPage } from "../pages/late";
import { Blank } from "./bits";
import { Icon } from "./icon";
import { Layers } from "./layers";
import { ListPane } from "./list";
import { Login } from "./login";
import { Nav } from "./nav";
import { NewPane } from "./new";
import { ContextPanel } from "./panel";
import { ThreadPane } from "./thread";
import { Toasts } from "./toasts";

export function App() {
  if (me.value === undefined) return <div class="starting" aria-busy="true" />;
  return <Net>{me.value === null ? <Login /> : <Desk />}</Net>;
}

function Desk() {
  useEffect(enterDesk, []);
  const here = route.value;
  const open = here.page === "inbox" && (here.conversation !== null || here.compose);
  return (
    <div class={`desk on-${here.page}${open ? " open" : ""}`}>
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById("main")?.focus(); }}>{t("app.skip")}</a>
      <Nav />
      <Offline />
      {here.page === "inbox" ? <Inbox here={here} /> : <main class="page" id="main" tabIndex={-1} key={here.page}>{pageOf(here)}</main>}
      <Layers />
      <Toasts />
    </div>
  );
}

function Inbox({ here }: { here: Extract<Route, { page: "inbox" }> }) {
  const panel = contextShown.value && here.conversation !== null && thread.state.value !== "none";
  return (
    <main class={panel ? "panes with-context" : "panes"} ref={(at) => at?.style.setProperty("--context", `${contextWidth.value}px`)}>
      <ListPane />
      {here.compose ? <NewPane /> : <ThreadPane />}
      {panel ? <ContextPanel /> : null}
    </main>
  );
}

function pageOf(here: Route) {
  switch (here.page) {
    case "customer": return <CustomerPage id={here.id} />;
    case "history": return <HistoryPage id={here.id} />;
    case "search": return <SearchPage q={here.q} />;
    case "parked": return <ParkedPage />;
    case "agents": return <AgentsPage />;
    case "saved": return <SavedPage />;
    default: return <div class="fill"><Blank icon="warn" title={t("app.notFound")}><a class="button" href="/">{t("nav.inbox")}</a></Blank></div>;
  }
}

function Offline() {
  const since = offlineSince.value;
  return <div class="offline-place" role="status">{since === null ? null : <p class="offline"><Icon name="warn" />{t("live.offline", { time: short(new Date(since).toISOString(), Date.now(), lang.value) })}</p>}</div>;
}

/** The library's seam for errors while drawing. */
class Net extends Component<{ children: ComponentChildren }, { broken: boolean }> {
  override state = { broken: false };
  static override getDerivedStateFromError = () => ({ broken: true });
  override render() {
    if (!this.state.broken) return this.props.children;
    return <div class="fill" role="alert"><Blank icon="warn" title={t("app.unexpected")}><button type="button" class="button" onClick={() => location.reload()}>{t("app.reload")}</button></Blank></div>;
  }
}
