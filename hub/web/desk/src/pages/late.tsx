/** Pages that are fetched when they are first visited. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { why } from "../state/toasts";
import { Bars, Failed } from "../ui/bits";

function late<P extends object>(fetchPage: () => Promise<ComponentType<P>>): ComponentType<P> {
  let known: ComponentType<P> | null = null;
  return function Late(props: P) {
    const [Page, setPage] = useState<{ it: ComponentType<P> } | null>(known ? { it: known } : null);
    const [wrong, setWrong] = useState("");
    const load = () => void fetchPage().then((it) => { known = it; setPage({ it }); }, (no) => setWrong(why(no)));
    useEffect(() => { if (!Page) load(); }, []);
    if (wrong) return <Failed title={t("app.unexpected")} hint={wrong} retry={() => location.reload()} />;
    return Page ? <Page.it {...props} /> : <div class="page-body" aria-busy="true"><Bars widths={[30, 60, 80, 50]} /></div>;
  };
}

export const CustomerPage = late<{ id: string }>(() => import("./customer").then((page) => page.CustomerPage));
export const HistoryPage = late<{ id: string }>(() => import("./history").then((page) => page.HistoryPage));
export const SearchPage = late<{ q: string }>(() => import("./search").then((page) => page.SearchPage));
export const ParkedPage = late<object>(() => import("./parked").then((page) => page.ParkedPage));
export const AgentsPage = late<object>(() => import("./agents").then((page) => page.AgentsPage));
export const SavedPage = late<object>(() => import("./saved").then((page) => page.SavedPage));
