/** Colleagues: who may sign in, and as what. */
import { useState } from "preact/hooks";
import * as more from "../api/more";
import type { Role } from "../api/types";
import { t } from "../i18n";
import { agents } from "../state/directory";
import { isAdmin, me } from "../state/session";
import { say, sayWhy, why } from "../state/toasts";
import { Avatar, Tool } from "../ui/bits";
import { Icon } from "../ui/icon";

const ROLES: readonly Role[] = ["rep", "lead", "auditor", "admin"];

export function AgentsPage() {
  const [adding, setAdding] = useState(false);
  return (
    <div class="page-body">
      <header class="page-head with-button"><div><h1>{t("agents.title")}</h1><p class="muted">{t("agents.lead")}</p></div>
        {isAdmin.value ? <button type="button" class="button primary" onClick={() => setAdding(true)}><Icon name="plus" />{t("agents.new")}</button> : null}
      </header>
      {adding ? <Add done={() => setAdding(false)} /> : null}
      <ul class="agent-list">{agents.value.map((agent) => <One key={agent.id} agent={agent} />)}</ul>
    </div>
  );
}

async function reread(): Promise<void> {
  agents.value = (await more.agents()).agents;
}

function One({ agent }: { agent: more.AgentInfo }) {
  const may = isAdmin.value && agent.active;
  const change = async (role: Role) => {
    try {
      await more.changeRole(agent.id, role);
      say(t("agents.roleChanged", { name: agent.name, role: t(`role.${role}`) }));
    } catch (no) {
      sayWhy(no);
    }
    await reread().catch(sayWhy);
  };
  return (
    <li class={agent.active ? "agent" : "agent left"}>
      <Avatar name={agent.name} />
      <div class="grow"><strong>{agent.name}</strong>{agent.id === me.value?.id ? <span class="badge">{t("agents.you")}</span> : null}<small class="muted">{agent.email}</small></div>
      {!agent.active ? <span class="badge">{t("agents.left")}</span> : may ? (
        <select aria-label={`${t("agents.role")}: ${agent.name}`} value={agent.role} onChange={(event) => void change(event.currentTarget.value as Role)}>{ROLES.map((role) => <option key={role} value={role}>{t(`role.${role}`)}</option>)}</select>
      ) : <span class="badge">{t(`role.${agent.role}`)}</span>}
      {may && agent.id !== me.value?.id ? <Remove agent={agent} /> : null}
    </li>
  );
}

function Remove({ agent }: { agent: more.AgentInfo }) {
  const [asking, setAsking] = useState(false);
  const remove = async () => {
    try {
      await more.removeAgent(agent.id);
      say(t("agents.removed", { name: agent.name }));
      await reread();
    } catch (no) {
      sayWhy(no);
    }
  };
  if (!asking) return <Tool icon="close" label={t("agents.remove", { name: agent.name })} onClick={() => setAsking(true)} />;
  return (
    <span class="asking" role="alertdialog" aria-label={t("agents.sure", { name: agent.name })}><span>{t("agents.sure", { name: agent.name })}</span>
      <button type="button" class="button small" onClick={() => setAsking(false)}>{t("app.cancel")}</button><button type="button" class="button small danger" onClick={() => void remove()}>{t("app.remove")}</button>
    </span>
  );
}

function Add({ done }: { done: () => void }) {
  const [wrong, setWrong] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as { name: string; email: string; role: Role; password: string };
    try {
      await more.addAgent(data);
      say(t("agents.added", { name: data.name }));
      done();
      await reread();
    } catch (no) {
      setWrong(why(no));
    }
  };
  return (
    <form class="sheet form" onSubmit={(event) => void submit(event)}>
      <div class="form-row">
        <label class="field grow"><span>{t("agents.name")}</span><input name="name" required ref={(at) => at?.focus()} autocomplete="off" /></label>
        <label class="field grow"><span>{t("agents.email")}</span><input name="email" type="email" required autocomplete="off" /></label>
        <label class="field"><span>{t("agents.role")}</span><select name="role">{ROLES.map((role) => <option key={role} value={role}>{t(`role.${role}`)}</option>)}</select></label>
      </div>
      <label class="field"><span>{t("agents.password")}</span><input name="password" type="password" minLength={10} required autocomplete="new-password" /><small class="muted">{t("agents.passwordHint")}</small></label>
      <p class="wrong" role="alert">{wrong}</p>
      <div class="form-end"><button type="button" class="button" onClick={done}>{t("app.cancel")}</button><button class="button primary">{t("agents.add")}</button></div>
    </form>
  );
}
