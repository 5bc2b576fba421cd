// Puts the form into the page where this script stands. Its own shadow tree: the page's styles and the form's do not meet.
((settings, script) => {
  "use strict";
  const wish = (script && script.dataset.lang) || document.documentElement.lang || navigator.language || "en";
  const language = wish.toLowerCase().startsWith("zh") ? "zh" : "en";
  const said = (key) => settings.words[key][language];
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
  let key = newKey();

  const host = make("div", { "data-amends-form": "" });
  if (script && script.parentNode) script.after(host); else document.body.append(host);
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(settings.style);
  root.adoptedStyleSheets = [sheet];

  const main = make("section", { class: "amends-form", lang: language === "zh" ? "zh-Hans" : "en", "aria-labelledby": "title" });
  const notice = make("div");
  const form = make("form", { novalidate: "" });
  main.append(make("h2", { id: "title" }, settings.titles[language]), notice, form);
  root.append(main);

  const autocomplete = { name: "name", email: "email" };
  const box = (field, longest) => {
    const attributes = { id: field, name: field, maxlength: longest };
    if (settings.required.includes(field)) attributes.required = "";
    if (autocomplete[field]) attributes.autocomplete = autocomplete[field];
    if (field === "message") return make("textarea", { ...attributes, rows: 6 });
    return make("input", { ...attributes, type: field === "email" ? "email" : "text" });
  };
  const row = (field, input, hint) => {
    const label = make("label", { for: field }, said(field));
    if (field in settings.longest && !settings.required.includes(field)) {
      label.append(" ", make("span", { class: "hint" }, "(" + said("optional") + ")"));
    }
    const parts = [label];
    if (hint) {
      parts.push(make("p", { class: "hint", id: field + "-hint" }, hint));
      input.setAttribute("aria-describedby", field + "-hint");
    }
    const error = make("p", { class: "error", id: field + "-error", hidden: "" });
    form.append(make("div", { class: "field" }, ...parts, error, input));
  };
  for (const [field, longest] of Object.entries(settings.longest)) {
    row(field, box(field, longest), field === "email" ? said("email-hint") : "");
  }
  if (settings.files.count > 0) {
    const hint = said("files-hint").replace("{count}", settings.files.count).replace("{size}", settings.files.size);
    row("files", make("input", { type: "file", id: "files", name: "files", multiple: "" }), hint);
  }
  form.append(make("div", { class: "aside", "aria-hidden": "true" },
    make("label", { for: settings.trap }, said("website")),
    make("input", { id: settings.trap, name: settings.trap, tabindex: "-1", autocomplete: "off" })));
  const button = make("button", { type: "submit" }, said("send"));
  form.append(make("p", {}, button));

  const clear = () => {
    notice.replaceChildren();
    for (const error of form.querySelectorAll(".error")) { error.hidden = true; error.textContent = ""; }
    for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
  };
  const mark = ({ field, message }) => {
    const input = root.getElementById(field);
    const error = root.getElementById(field + "-error");
    const item = make("li");
    if (!input || !error) { item.append(message); return item; }
    error.textContent = message;
    error.hidden = false;
    input.setAttribute("aria-invalid", "true");
    const hint = root.getElementById(field + "-hint") ? field + "-hint " : "";
    input.setAttribute("aria-describedby", hint + field + "-error");
    const link = make("a", { href: "#" + field }, said(field) + ": " + message);
    link.addEventListener("click", (event) => { event.preventDefault(); input.focus(); });
    item.append(link);
    return item;
  };
  const showErrors = (errors) => {
    const summary = make("div", { role: "alert", tabindex: "-1", class: "errors" },
      make("h2", {}, said("error-title")), make("ul", {}, ...errors.map(mark)));
    notice.replaceChildren(summary);
    summary.focus();
  };
  const showReceipt = (number) => {
    form.reset();
    form.hidden = true;
    const receipt = make("div", { role: "status", tabindex: "-1", class: "receipt" },
      make("p", {}, said("thanks")), make("p", {}, said("receipt") + " ", make("strong", {}, number)),
      make("p", {}, said("receipt-next")));
    notice.replaceChildren(receipt);
    receipt.focus();
  };

  const post = async () => {
    const token = await (await fetch(settings.base + "/token")).json();
    const filled = new FormData(form);
    for (const [name, value] of [["token", token.token], ["key", key], ["lang", language]]) filled.set(name, value);
    return fetch(settings.base, { method: "POST", body: filled, headers: { Accept: "application/json" } });
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    clear();
    button.disabled = true;
    button.textContent = said("sending");
    try {
      const answer = await post();
      const told = await answer.json();
      // A new key only after success: a repeated post with the old one is the same message.
      if (answer.ok) { key = newKey(); showReceipt(told.receipt); } else showErrors(told.errors);
    } catch {
      showErrors([{ field: "form", message: said("unreachable") }]);
    } finally {
      button.disabled = false;
      button.textContent = said("send");
    }
  });
})(__SETTINGS__, document.currentScript);
