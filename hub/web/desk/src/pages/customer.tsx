/** A customer on a page of their own. */
import { t } from "../i18n";
import * as store from "../state/customer";
import { Bars, Failed } from "../ui/bits";
import { Complaints, Conversations, Head, Identities, Links, Suggestions } from "../ui/customer";

export function CustomerPage(_: { id: string }) {
  const customer = store.customer.value;
  if (!customer) return store.failure.value ? <Failed title={t("panel.failed")} hint={store.failure.value} retry={() => void store.refreshCustomer(0)} /> : <div class="page-body" aria-busy="true"><Bars widths={[30, 60, 80, 50]} /></div>;
  return (
    <div class="page-body customer-page">
      <Head customer={customer} page />
      <div class="columns">
        <div><Identities customer={customer} /><Suggestions customer={customer} /><Links customer={customer} /></div>
        <div><Complaints customer={customer} /><Conversations customer={customer} /></div>
      </div>
    </div>
  );
}
