/** Small readings of texts: links, variables, initials. */

export interface Piece { text: string; href: string | null }
const LINK = /\bhttps?:\/\/[^\s<>"'）】。，；]+[^\s<>"'）】。，；.,;:!?)\]]/g;

/** The text cut into plain pieces and web addresses. */
export function linked(text: string): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const hit of text.matchAll(LINK)) {
    if (hit.index > end) pieces.push({ text: text.slice(end, hit.index), href: null });
    pieces.push({ text: hit[0], href: hit[0] });
    end = hit.index + hit[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), href: null });
  return pieces;
}

/** The text with {customer.name} and the like filled in, once; what is not known stays as written. */
export function filled(text: string, known: Readonly<Record<string, string>>): string {
  return text.replace(/\{([a-z]+\.[a-z]+)\}/g, (whole, name: string) => known[name] || whole);
}

/** "MC" of Mia Chen, "陈" of 陈美. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  if (!words.length) return "?";
  if (/[\u3400-\u9fff]/.test(words[0]!)) return words[0]!.slice(0, 1);
  return (words.length > 1 ? words[0]![0]! + words[words.length - 1]![0]! : words[0]!.slice(0, 2)).toUpperCase();
}

/** A stable number 0…n-1 for a name: which tint an avatar gets. */
export function tint(name: string, n: number): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)!) % 9973;
  return sum % n;
}

/** The earlier letter with "> " before each line. */
export function quoted(text: string): string {
  return text.split("\n").map((line) => (line ? `> ${line}` : ">")).join("\n");
}

/** The part of the whole text that is quoted, given what is new in it; "" when it can't be told apart. */
export function oldPart(text: string, fresh: string): string {
  const at = fresh ? text.indexOf(fresh) : 0;
  return at < 0 ? text : text.slice(at + fresh.length).trim();
}

/** The "/word" right before the caret that opens the saved replies, or null. */
export function slashWord(text: string, caret: number): string | null {
  const hit = /(?:^|\s)\/([^\s/]{0,30})$/.exec(text.slice(0, caret));
  return hit ? hit[1]! : null;
}
