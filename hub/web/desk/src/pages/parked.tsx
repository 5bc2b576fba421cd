/** Letters that could not be read, and how the inboxes are doing. */
import { useEffect } from "preact/hooks";
import * as more from "../api/more";
import type { AccountHealth, ParkedLetter } from "../api/types";
import { lang, t } from "../i18n";
import { ago, size } from "../logic/times";
import { now } from "../state/clock";
import * as list from "../state/list";
import * as store from "../state/parked";
import { canWrite } from "../state/session";
import { say, sayWhy } from "../state/toasts";
import { Bars, Blank, Failed, When } from "../ui/bits";
import { Icon } from "../ui/icon";

export function ParkedPage() {
  useEffect(() => void store.loadParked(), []);
  if (store.failure.value) return <Failed title={t("parked.failed")} hint={store.failure.value} retry={() => void store.loadParked()} />;
  return (
    <div class="page-body">
      <header class="page-head"><h1>{t("parked.title")}</h1><p class="muted">{t("parked.lead")}</p></header>
      <Letters />
      <h2>{t("parked.accounts")}</h2>
      {store.accounts.value.length ? <ul class="accounts">{store.accounts.value.map((account) => <Account key={account.account} account={account} />)}</ul> : <p class="muted">{t("parked.noAccounts")}</p>}
    </div>
  );
}

function Letters() {
  const { value: letters } = store.letters;
  if (!letters) return <Bars widths={[60, 90, 80]} />;
  if (!letters.length) return <Blank icon="check" title={t("parked.empty")} />;
  return <ul class="parked">{letters.map((letter) => <Letter key={letter.raw} letter={letter} />)}</ul>;
}

function Letter({ letter }: { letter: ParkedLetter }) {
  const again = async () => {
    try {
      const { position } = await more.readAgain(letter.raw);
      say(t("parked.readAgain"));
      await Promise.all([store.loadParked(position), list.count(position)]);
    } catch (no) {
      sayWhy(no);
    }
  };
  const done = letter.state === "read again";
  return (
    <li class={done ? "sheet done" : "sheet"}>
      <div class="sheet-head"><strong>{letter.inbox_name}</strong><When at={letter.at} /><span class="muted">{size(letter.size, lang.value)}</span><span class="muted">{t("msg.position", { n: letter.position })}</span><span class="grow" />
        {done ? <span class="badge ok"><Icon name="check" />{t("parked.state")}</span> : null}
        {!done && canWrite.value ? <button type="button" class="button small primary" onClick={() => void again()}>{t("parked.again")}</button> : null}
        <a class="button small" href={more.rawParked(letter.raw)} download><Icon name="download" />{t("parked.raw")}</a>
      </div>
      <p class="hint warn"><Icon name="warn" />{letter.why}</p>
      {letter.excerpt ? <pre class="excerpt" tabIndex={0}>{letter.excerpt}</pre> : null}
    </li>
  );
}

function Account({ account }: { account: AccountHealth }) {
  const said = (at: string | null) => (at ? ago(at, now.value, lang.value) : t("parked.never"));
  return (
    <li class="sheet account">
      <span class={account.connected ? "health on" : "health"}><Icon name={account.connected ? "check" : "warn"} />{t(account.connected ? "parked.connected" : "parked.broken")}</span>
      <div><strong>{account.name}</strong> <span class="muted">{account.address}</span>
        <p class="muted">{[t("parked.contact", { time: said(account.last_contact) }), t("parked.letter", { time: said(account.last_letter) }), (account.quiet_hours ?? 0) >= 1 ? t("parked.quiet", { n: Math.round(account.quiet_hours ?? 0) }) : ""].filter(Boolean).join(" · ")}</p>
        {account.why && !account.connected ? <p class="hint warn"><Icon name="warn" />{account.why}</p> : null}
      </div>
    </li>
  );
}
