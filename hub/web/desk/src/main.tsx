/** The desk starts here. */
import "./css/tokens.css";
import "./css/base.css";
import "./css/shell.css";
import "./css/list.css";
import "./css/thread.css";
import "./css/composer.css";
import "./css/panel.css";
import "./css/layers.css";
import "./css/pages.css";
import "./css/narrow.css";
import { render } from "preact";
import { onKey } from "./keys/handler";
import { startClock } from "./state/clock";
import { follow } from "./state/prefs";
import { followAddressBar, onLink } from "./state/route";
import { recognise } from "./state/session";
import { App } from "./ui/app";

follow();
startClock();
followAddressBar();
document.addEventListener("click", onLink);
document.addEventListener("keydown", onKey);
void recognise();

const root = document.getElementById("desk");
if (root) render(<App />, root);
