// The web form on a stranger's page: a custom element with its own shadow tree, no library.
class AmendsForm extends HTMLElement {}

if (!customElements.get("amends-form")) customElements.define("amends-form", AmendsForm);
