/** The page before the desk. */
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { lang } from "../i18n";
import { chooseLanguage } from "../state/prefs";
import { ended, signIn } from "../state/session";
import { why } from "../state/toasts";
import { Mark } from "./nav";

export function Login() {
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  async function submit(event: Event): Promise<void> {
    event.preventDefault();
    const data = new FormData(form.current!);
    const [login, password] = [String(data.get("login") ?? "").trim(), String(data.get("password") ?? "")];
    if (!login || !password) return setWrong(t("login.fill"));
    setBusy(true);
    try {
      await signIn(login, password);
    } catch (no) {
      setWrong(why(no));
      setBusy(false);
      form.current?.querySelector<HTMLInputElement>("[name=password]")?.select();
    }
  }

  return (
    <main class="login">
      <form ref={form} class="login-card" onSubmit={(event) => void submit(event)} noValidate>
        <div class="login-brand"><Mark /><h1>{t("app.name")}</h1></div>
        <p class="muted">{ended.value ? t("login.over") : t("login.lead")}</p>
        <label class="field"><span>{t("login.email")}</span><input name="login" type="email" autocomplete="username" autofocus required aria-invalid={!!wrong} aria-describedby="login-wrong" /></label>
        <label class="field"><span>{t("login.password")}</span><input name="password" type="password" autocomplete="current-password" required aria-invalid={!!wrong} aria-describedby="login-wrong" /></label>
        <p id="login-wrong" class="wrong" role="alert">{wrong}</p>
        <button class="button primary wide" type="submit" disabled={busy}>{t(busy ? "login.going" : "login.go")}</button>
        <button class="button quiet wide" type="button" onClick={() => chooseLanguage(lang.value === "en" ? "zh" : "en")}>{lang.value === "en" ? "简体中文" : "English"}</button>
      </form>
    </main>
  );
}
