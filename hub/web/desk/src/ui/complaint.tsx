/** A complaint: where it stands, what is on record, and the moves that are legal now. */
import { useState } from "preact/hooks";
import * as calls from "../api/calls";
import type { ComplaintInfo, ComplaintPhase, Outcome } from "../api/types";
import { lang, maybe, t, type Key } from "../i18n";
import { moment } from "../logic/times";
import { settled } from "../state/actions";
import * as actions from "../state/actions";
import { canWrite } from "../state/session";
import * as thread from "../state/thread";
import { say, why } from "../state/toasts";
import { Blank } from "./bits";
import { Icon } from "./icon";

const STAGES: readonly ComplaintPhase[] = ["registered", "investigating", "responded", "closed"];

export function ComplaintPanel() {
  const complaint = thread.complaint.value;
  if (!complaint) return <None />;
  return (
    <div class="complaint-panel">
      <div class="panel-section">
        <div class="complaint-number"><strong>{complaint.number || t("phase.detected")}</strong></div>
        <Stages phase={complaint.phase} />
      </div>
      {canWrite.value && complaint.moves.length ? <Moves key={`${complaint.id}${complaint.phase}`} complaint={complaint} /> : null}
      <Dates complaint={complaint} />
      <Decision complaint={complaint} />
      <Detection complaint={complaint} />
    </div>
  );
}

function None() {
  return (
    <Blank icon="flag" title={t("comp.none")}>
      {canWrite.value && thread.id.value ? <button type="button" class="button" onClick={() => void actions.markComplaint(thread.id.value!)}>{t("act.complaint")}</button> : null}
    </Blank>
  );
}

export function Stages({ phase }: { phase: ComplaintPhase }) {
  const at = STAGES.indexOf(phase);
  return (
    <ol class="stages" aria-label={t("comp.stages")}>
      {STAGES.map((stage, index) => (
        <li key={stage} class={index < at ? "past" : index === at ? "now" : "ahead"} aria-current={index === at ? "step" : undefined}>
          <i>{index < at || phase === "closed" && index === at ? <Icon name="check" /> : null}</i><span>{t(`phase.${stage}`)}</span>
        </li>
      ))}
    </ol>
  );
}

function Dates({ complaint }: { complaint: ComplaintInfo }) {
  const facts: [Key, string | null][] = [
    ["comp.received", complaint.received_at], ["comp.registered", complaint.registered_at], ["comp.acknowledged", complaint.acknowledged_at], ["comp.apologised", complaint.apologised_at], ["comp.told", complaint.told_at],
  ];
  return (
    <div class="panel-section">
      <dl class="facts">{facts.map(([name, at]) => <div key={name} class={at ? "" : "missing"}><dt><Icon name={at ? "check" : "clock"} />{t(name)}</dt><dd>{at ? moment(at, lang.value) : t("comp.notYet")}</dd></div>)}</dl>
      {complaint.withheld ? <p class="hint warn"><Icon name="warn" />{t("comp.withheld")}: {complaint.withheld}</p> : null}
    </div>
  );
}

function Decision({ complaint }: { complaint: ComplaintInfo }) {
  if (!complaint.outcome && !complaint.close_reason) return null;
  return (
    <div class="panel-section">
      {complaint.outcome ? <><h2>{t("comp.outcome")}</h2><p><strong>{t(`comp.outcome.${complaint.outcome}`)}</strong></p><p class="reasons">{complaint.outcome_reasons}</p></> : null}
      {complaint.close_reason ? <p class="muted">{t("comp.closeReason")}: {maybe(`comp.reason.${complaint.close_reason}`, complaint.close_reason)}</p> : null}
    </div>
  );
}

function Detection({ complaint }: { complaint: ComplaintInfo }) {
  if (complaint.score === null) return null;
  return (
    <div class="panel-section">
      <h2>{t("comp.detection")} <span class="badge">{t("comp.score", { n: complaint.score })}</span></h2>
      <ul class="why">{complaint.reasons.map((reason) => <li key={reason}>{maybe(`reason.${reason}`, reason)}</li>)}</ul>
    </div>
  );
}

const FORMS = new Set(["respond", "tell", "close", "reopen"]);
const WEIGHT = ["register", "investigate", "respond", "tell", "close", "apologise", "reopen", "unmark"];

function Moves({ complaint }: { complaint: ComplaintInfo }) {
  const [form, setForm] = useState<string | null>(null);
  const moves = [...complaint.moves].sort((a, b) => WEIGHT.indexOf(a) - WEIGHT.indexOf(b));
  const next = complaint.told_at ? "close" : complaint.phase === "responded" ? "tell" : moves[0];
  return (
    <div class="panel-section moves">
      <div class="move-buttons">
        {moves.map((name) => (
          <button key={name} type="button" class={`button small${name === next && !form ? " primary" : ""}${form === name ? " chosen" : ""}`} aria-expanded={FORMS.has(name) ? form === name : undefined}
            onClick={() => (FORMS.has(name) ? setForm(form === name ? null : name) : void make(complaint, name, {}))}>{maybe(`comp.move.${name}`, name)}</button>
        ))}
      </div>
      {form && complaint.moves.includes(form) ? <MoveForm key={form} complaint={complaint} name={form} done={() => setForm(null)} /> : null}
    </div>
  );
}

async function make(complaint: ComplaintInfo, name: string, body: calls.MoveBody): Promise<string> {
  try {
    const done = await calls.move(complaint.id, name, body);
    say(t("comp.done", { number: complaint.number }));
    await settled(done.position);
    return "";
  } catch (no) {
    say(t("act.failed", { why: why(no) }), { kind: "failed", lasts: 9000 });
    return why(no);
  }
}

function MoveForm({ complaint, name, done }: { complaint: ComplaintInfo; name: string; done: () => void }) {
  const [wrong, setWrong] = useState("");
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as calls.MoveBody;
    const no = await make(complaint, name, data);
    if (no) setWrong(no);
    else done();
  };
  return (
    <form class="form move-form" onSubmit={(event) => void submit(event)}>
      {name === "respond" ? <RespondFields complaint={complaint} /> : null}
      {name === "tell" ? <Select name="how" label={t("comp.how")} options={[["telephone", t("comp.how.telephone")], ["in person", t("comp.how.person")], ["letter", t("comp.how.letter")]]} /> : null}
      {name === "close" ? <Select name="reason" label={t("comp.closeReason")} options={(["resolved", "withdrawn", "out of scope", "registered in error"] as const).map((one) => [one, t(`comp.reason.${one}`)])} /> : null}
      {name === "reopen" ? <label class="field"><span>{t("comp.why")}</span><input name="why" required maxLength={500} /></label> : null}
      <p class="wrong" role="alert">{wrong}</p>
      <div class="form-end"><button type="button" class="button small" onClick={done}>{t("app.cancel")}</button><button class="button small primary">{maybe(`comp.move.${name}`, name)}</button></div>
    </form>
  );
}

const OUTCOMES: readonly Outcome[] = ["upheld", "partly upheld", "not upheld"];

function RespondFields({ complaint }: { complaint: ComplaintInfo }) {
  return (
    <>
      <fieldset class="choice column"><legend>{t("comp.outcome")}</legend>
        {OUTCOMES.map((one) => <label key={one} class="check"><input type="radio" name="outcome" value={one} required defaultChecked={complaint.outcome === one} />{t(`comp.outcome.${one}`)}</label>)}
      </fieldset>
      <label class="field"><span>{t("comp.reasons")}</span><textarea name="reasons" rows={4} required defaultValue={complaint.outcome_reasons} /></label>
    </>
  );
}

function Select({ name, label, options }: { name: string; label: string; options: readonly (readonly [string, string])[] }) {
  return <label class="field"><span>{label}</span><select name={name}>{options.map(([value, text]) => <option key={value} value={value}>{text}</option>)}</select></label>;
}
