/** Confirming an address, and linking two customers: the two orders that say who is who. */
import { useEffect, useState } from "preact/hooks";
import * as more from "../api/more";
import { Refused } from "../api/http";
import { plural, t } from "../i18n";
import { settled } from "../state/actions";
import * as store from "../state/customer";
import * as layers from "../state/layers";
import { say, why } from "../state/toasts";
import { Avatar } from "./bits";
import { Dialog } from "./dialog";
import { Icon } from "./icon";

export function ConfirmIdentity({ customer, channel, address }: { customer: string; channel: string; address: string }) {
  const [wrong, setWrong] = useState("");
  const [taken, setTaken] = useState<string | null>(null);
  const confirm = async () => {
    try {
      const done = await more.verify(customer, channel, address);
      layers.close();
      say(t("cust.confirmed", { address }));
      await settled(done.position);
    } catch (no) {
      if (no instanceof Refused && no.code === "taken") setTaken(String(no.detail["customer"] ?? ""));
      else setWrong(why(no));
    }
  };
  return (
    <Dialog label={t("cust.confirmTitle", { address })} kind="small">
      <p>{taken === null ? t("cust.confirmHint") : t("cust.taken", { address })}</p>
      <p class="wrong" role="alert">{wrong}</p>
      <div class="form-end">
        <button type="button" class="button" onClick={layers.close}>{t("app.cancel")}</button>
        {taken === null
          ? <button type="button" class="button primary" data-first onClick={() => void confirm()}>{t("cust.confirm")}</button>
          : <button type="button" class="button primary" onClick={() => layers.open({ kind: "link", customer, other: taken })}>{t("cust.link")}</button>}
      </div>
    </Dialog>
  );
}

type Side = Pick<more.CustomerHit, "id" | "name" | "address">;

export function LinkCustomers({ customer, other }: { customer: string; other: string | null }) {
  const here = store.customer.value;
  const self: Side = { id: customer, name: here?.name ?? "", address: here?.identities[0]?.address ?? "" };
  const [chosen, setChosen] = useState<Side | null>(null);
  useEffect(() => {
    if (other) more.customer(other).then((read) => setChosen({ id: read.id, name: read.name, address: read.identities[0]?.address ?? "" }), () => undefined);
  }, [other]);
  return (
    <Dialog label={t("cust.linkTitle")} kind="small">
      <p class="muted">{t("cust.linkHint")}</p>
      {chosen ? <Sides self={self} other={chosen} back={() => setChosen(null)} /> : <Find not={customer} choose={setChosen} />}
    </Dialog>
  );
}

function Find({ not, choose }: { not: string; choose: (hit: Side) => void }) {
  const [typed, setTyped] = useState("");
  const [hits, setHits] = useState<readonly more.CustomerHit[] | null>(null);
  useEffect(() => {
    if (typed.trim().length < 2) return setHits(null);
    const timer = setTimeout(() => more.customers(typed.trim()).then((read) => setHits(read.rows.filter((row) => row.id !== not)), () => setHits([])), 180);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <>
      <label class="field"><span>{t("cust.linkFind")}</span><input data-first value={typed} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} /></label>
      <div class="hits" role="status">
        {hits?.length === 0 ? <p class="muted">{t("cust.noOthers")}</p> : null}
        {hits?.map((hit) => <button type="button" key={hit.id} class="option" onClick={() => choose(hit)}><Avatar name={hit.name || hit.address} small /><span class="option-text"><strong>{hit.name || hit.address}</strong> <span class="muted">{hit.address}</span></span><span class="muted">{plural("cust.count", hit.conversations)}</span></button>)}
      </div>
    </>
  );
}

function Sides({ self, other, back }: { self: Side; other: Side; back: () => void }) {
  const [survivor, setSurvivor] = useState(self.id);
  const [wrong, setWrong] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget as HTMLFormElement).get("why") ?? "");
    try {
      const done = await more.link(self.id, other.id, survivor, reason);
      layers.close();
      say(t("cust.linked"));
      await settled(done.position);
    } catch (no) {
      setWrong(why(no));
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <fieldset class="choice column sides"><legend>{t("cust.linkSurvivor")}</legend>
        {[self, other].map((one) => (
          <label key={one.id} class={one.id === survivor ? "side chosen" : "side"}><input type="radio" name="survivor" checked={one.id === survivor} onChange={() => setSurvivor(one.id)} /><Avatar name={one.name || one.address} small /><span><strong>{one.name || one.address}</strong><small class="muted">{one.address}</small></span></label>
        ))}
      </fieldset>
      <label class="field"><span>{t("cust.linkWhy")}</span><input name="why" maxLength={500} /></label>
      <p class="wrong" role="alert">{wrong}</p>
      <div class="form-end"><button type="button" class="button" onClick={back}>{t("app.back")}</button><button class="button primary"><Icon name="link" />{t("cust.linkGo")}</button></div>
    </form>
  );
}
