/** Changing one's own password. */
import { useState } from "preact/hooks";
import { changePassword } from "../api/more";
import { t } from "../i18n";
import { close } from "../state/layers";
import { say, why } from "../state/toasts";
import { Dialog } from "./dialog";

export function Password() {
  const [wrong, setWrong] = useState("");
  const submit = async (event: SubmitEvent & { currentTarget: HTMLFormElement }) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    try {
      await changePassword(String(data.get("old")), String(data.get("new")));
      close();
      say(t("pref.passwordDone"));
    } catch (no) {
      setWrong(why(no));
    }
  };
  return (
    <Dialog label={t("pref.password")} kind="small">
      <form class="form" onSubmit={(event) => void submit(event as never)}>
        <label class="field"><span>{t("pref.old")}</span><input data-first name="old" type="password" autocomplete="current-password" required /></label>
        <label class="field"><span>{t("pref.new")}</span><input name="new" type="password" autocomplete="new-password" minLength={10} required /><small class="muted">{t("agents.passwordHint")}</small></label>
        <p class="wrong" role="alert">{wrong}</p>
        <div class="form-end"><button type="button" class="button" onClick={close}>{t("app.cancel")}</button><button class="button primary">{t("app.save")}</button></div>
      </form>
    </Dialog>
  );
}
