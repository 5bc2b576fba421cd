import { render } from "preact";

const root = document.getElementById("desk");
if (root) render(<p>Amends</p>, root);
