/** Fuzzy match for the palette: every letter typed is found in order; word starts and runs weigh more. */

export interface Match { score: number; marks: number[] }

/** The best greedy match of `typed` in `text`, or null. `marks` are the places of the letters found. */
export function fuzzy(typed: string, text: string): Match | null {
  const wanted = [...typed.toLowerCase().replace(/\s+/g, "")];
  if (!wanted.length) return { score: 0, marks: [] };
  const low = text.toLowerCase();
  let best: Match | null = null;
  for (let start = low.indexOf(wanted[0]!); start >= 0; start = low.indexOf(wanted[0]!, start + 1)) {
    const found = from(wanted, low, start);
    if (found && (!best || found.score > best.score)) best = found;
  }
  return best;
}

function from(wanted: string[], low: string, start: number): Match | null {
  const marks = [start];
  let score = startsWord(low, start) ? 8 : 1;
  for (const letter of wanted.slice(1)) {
    const last = marks[marks.length - 1]!;
    const at = next(low, letter, last + 1);
    if (at < 0) return null;
    score += at === last + 1 ? 6 : startsWord(low, at) ? 5 : 1 - Math.min(at - last, 10) / 10;
    marks.push(at);
  }
  return { score: score - start * 0.05 - low.length * 0.01, marks };
}

/** The next place of the letter; a word start soon after wins over a letter inside a word. */
function next(low: string, letter: string, after: number): number {
  const near = low.indexOf(letter, after);
  if (near <= after) return near;
  for (let at = near; at >= 0; at = low.indexOf(letter, at + 1)) if (startsWord(low, at)) return at;
  return near;
}

function startsWord(low: string, at: number): boolean {
  return at === 0 || /[\s\-–—/.,:()@_]/.test(low[at - 1]!) || low.charCodeAt(at) > 0x2e80;
}

/** The items that match, best first; equal ones stay in their order. */
export function ranked<T>(typed: string, items: readonly T[], textOf: (item: T) => string): { item: T; marks: number[] }[] {
  return items
    .map((item, at) => ({ item, at, match: fuzzy(typed, textOf(item)) }))
    .filter((one): one is typeof one & { match: Match } => one.match !== null)
    .sort((a, b) => b.match.score - a.match.score || a.at - b.at)
    .map(({ item, match }) => ({ item, marks: match.marks }));
}
