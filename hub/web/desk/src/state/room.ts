/** How much room there is: the style sheet decides the looks, this what opens by itself. */
import { computed, signal } from "@preact/signals";
import { context } from "./prefs";

function follows(query: string) {
  const media = matchMedia(query);
  const fits = signal(media.matches);
  media.addEventListener("change", () => { fits.value = media.matches; });
  return fits;
}

/** The context pane has its own column; else it is a drawer over the thread. */
export const roomy = follows("(min-width: 1181px)");
/** List and thread stand side by side. */
export const twoPanes = follows("(min-width: 761px)");

/** The drawer is open; it closes by itself when another conversation opens. */
export const drawer = signal(false);
export const contextShown = computed(() => (roomy.value ? context.value : drawer.value));

export function toggleContext(): void {
  if (roomy.value) context.value = !context.value;
  else drawer.value = !drawer.value;
}
