/// Markdown-lite: what people write, as a tree that components make nodes of. Bold, italic, code, code blocks, quotes, links
/// and names. Whatever is no such thing stays the text it is. Pure, and linear in the text's length.

export type Inline =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "bold" | "italic" | "strike"; readonly inside: readonly Inline[] }
  | { readonly type: "code"; readonly text: string }
  | { readonly type: "link"; readonly href: string; readonly text: string }
  | { readonly type: "mention"; readonly username: string };

export type Block =
  | { readonly type: "paragraph" | "quote"; readonly inside: readonly Inline[] }
  | { readonly type: "code"; readonly text: string };

const FENCE = "```";
const MARKS = [
  { mark: "**", type: "bold" },
  { mark: "__", type: "bold" },
  { mark: "~~", type: "strike" },
  { mark: "*", type: "italic" },
  { mark: "_", type: "italic" },
] as const;
/** How deep marks may stand in one another. */
const DEEPEST = 4;
const URL_START = /https?:\/\/[^\s<>"'`]+/iy;
const LABELLED = /\[([^\][\n]{1,200})\]\((https?:\/\/[^\s()<>"'`]+)\)/iy;
const MENTION = /@([a-z0-9_.-]{3,32})/y;
const WORD = /[\p{L}\p{N}]/u;

/** The blocks of a text. */
export function parseMarkdown(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let lines: string[] = [];
  let quoted = false;
  const flush = (): void => {
    const inside = parseInline(lines.join("\n"));
    if (lines.length > 0 && lines.some((line) => line !== ""))
      blocks.push({ type: quoted ? "quote" : "paragraph", inside });
    lines = [];
  };
  const rest = text.split("\n");
  for (let index = 0; index < rest.length; index += 1) {
    const line = rest[index] ?? "";
    const end = line.startsWith(FENCE) ? closingFence(rest, index) : -1;
    if (end >= 0) {
      flush();
      quoted = false;
      blocks.push({ type: "code", text: fenced(rest, index, end) });
      index = end;
      continue;
    }
    const quotes = line.startsWith("> ") || line === ">";
    if (quotes !== quoted) {
      flush();
      quoted = quotes;
    }
    lines.push(quotes ? line.slice(2) : line);
  }
  flush();
  return blocks;
}

/** The line that ends the code block begun at `start`: one line may begin and end it; -1 where nothing does. */
function closingFence(lines: readonly string[], start: number): number {
  const first = lines[start] ?? "";
  if (first.length > FENCE.length * 2 && first.endsWith(FENCE)) return start;
  for (let index = start + 1; index < lines.length; index += 1) {
    if (lines[index]?.trimEnd().endsWith(FENCE) === true) return index;
  }
  return -1;
}

function fenced(lines: readonly string[], start: number, end: number): string {
  if (start === end) return (lines[start] ?? "").slice(FENCE.length, -FENCE.length);
  const first = (lines[start] ?? "").slice(FENCE.length);
  const last = (lines[end] ?? "").trimEnd().slice(0, -FENCE.length);
  // What stands behind the opening fence names a language, if it is one word; nobody is shown it.
  const head = /^\w*$/.test(first.trim()) ? [] : [first];
  const tail = last === "" ? [] : [last];
  return [...head, ...lines.slice(start + 1, end), ...tail].join("\n");
}

/** The inline parts of a text. */
export function parseInline(text: string): readonly Inline[] {
  return new Scanner(text).scan(0, text.length, 0);
}

class Scanner {
  readonly #text: string;
  /** Marks that are known to have no end at or after a place: so no text is searched twice for one. */
  readonly #endless = new Map<string, number>();

  constructor(text: string) {
    this.#text = text;
  }

  scan(from: number, to: number, depth: number): readonly Inline[] {
    const found: Inline[] = [];
    let plain = from;
    let at = from;
    while (at < to) {
      const part = this.#part(at, to, depth);
      if (part === null) {
        at += 1;
        continue;
      }
      if (at > plain) found.push({ type: "text", text: this.#text.slice(plain, at) });
      found.push(part.inline);
      at = part.end;
      plain = at;
    }
    if (to > plain) found.push({ type: "text", text: this.#text.slice(plain, to) });
    return found;
  }

  #part(at: number, to: number, depth: number): { readonly inline: Inline; readonly end: number } | null {
    switch (this.#text[at]) {
      case "`":
        return this.#code(at, to);
      case "[":
        return this.#labelled(at, to);
      case "h":
      case "H":
        return this.#link(at, to);
      case "@":
        return this.#mention(at, to);
      case "*":
      case "_":
      case "~":
        return depth < DEEPEST ? this.#marked(at, to, depth) : null;
      default:
        return null;
    }
  }

  #code(at: number, to: number): { inline: Inline; end: number } | null {
    const end = this.#find("`", at + 1, to);
    if (end < 0 || end === at + 1) return null;
    return { inline: { type: "code", text: this.#text.slice(at + 1, end) }, end: end + 1 };
  }

  #labelled(at: number, to: number): { inline: Inline; end: number } | null {
    const match = this.#match(LABELLED, at, to);
    const href = match === null ? null : safeHref(match[2] ?? "");
    if (match === null || href === null) return null;
    return { inline: { type: "link", href, text: match[1] ?? "" }, end: at + match[0].length };
  }

  #link(at: number, to: number): { inline: Inline; end: number } | null {
    if (this.#wordBefore(at)) return null;
    const match = this.#match(URL_START, at, to);
    if (match === null) return null;
    const text = withoutTail(match[0]);
    const href = safeHref(text);
    return href === null ? null : { inline: { type: "link", href, text }, end: at + text.length };
  }

  #mention(at: number, to: number): { inline: Inline; end: number } | null {
    if (this.#wordBefore(at)) return null;
    const username = this.#match(MENTION, at, to)?.[1]?.replace(/[.-]+$/, "");
    if (username === undefined || username.length < 3) return null;
    return { inline: { type: "mention", username }, end: at + 1 + username.length };
  }

  #marked(at: number, to: number, depth: number): { inline: Inline; end: number } | null {
    for (const { mark, type } of MARKS) {
      if (!this.#text.startsWith(mark, at)) continue;
      const start = at + mark.length;
      const after = this.#text[start];
      if (start >= to || after === undefined || /\s/.test(after) || this.#wordBefore(at)) continue;
      const end = this.#closing(mark, start, to);
      if (end < 0) continue;
      return { inline: { type, inside: this.scan(start, end, depth + 1) }, end: end + mark.length };
    }
    return null;
  }

  /** Where a mark ends: after something that is no space, before something that is no word; a doubled one is not a single. */
  #closing(mark: string, start: number, to: number): number {
    for (let end = this.#find(mark, start + 1, to); end >= 0; end = this.#find(mark, end + 1, to)) {
      const before = this.#text[end - 1] ?? " ";
      const after = this.#text[end + mark.length] ?? " ";
      const doubled = mark.length === 1 && (after === mark || before === mark);
      if (!/\s/.test(before) && !WORD.test(after) && !doubled) return end;
    }
    this.#endless.set(mark, Math.min(start, this.#endless.get(mark) ?? start));
    return -1;
  }

  #find(mark: string, from: number, to: number): number {
    const endless = this.#endless.get(mark);
    if (endless !== undefined && from > endless) return -1;
    const at = this.#text.indexOf(mark, from);
    if (at < 0) this.#endless.set(mark, from);
    return at < 0 || at + mark.length > to ? -1 : at;
  }

  #match(pattern: RegExp, at: number, to: number): RegExpExecArray | null {
    pattern.lastIndex = at;
    return pattern.exec(this.#text.slice(0, to));
  }

  #wordBefore(at: number): boolean {
    return at > 0 && WORD.test(this.#text[at - 1] ?? "");
  }
}

/** A URL without the punctuation of the sentence around it; a closing bracket stays where the URL opened it. */
function withoutTail(url: string): string {
  let end = url.length;
  while (end > 0) {
    const last = url[end - 1] ?? "";
    const opened = last === ")" && url.slice(0, end).split("(").length >= url.slice(0, end).split(")").length;
    if (!/[.,:;!?)\]}*_~]/.test(last) || opened) break;
    end -= 1;
  }
  return url.slice(0, end);
}

/** A link's target if it is one that may be followed: http or https, with a host; else null. */
export function safeHref(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  return (url.protocol === "https:" || url.protocol === "http:") && url.hostname !== "" ? url.href : null;
}

const EMOJI_ALONE = /^(?:\p{RGI_Emoji}\s*){1,3}$/v;

/** Whether a text is one to three emoji and nothing else: they are shown large. */
export function isEmojiAlone(text: string): boolean {
  return text.length <= 64 && EMOJI_ALONE.test(text);
}

/** What a text says without its marks, on one line: for previews and notifications. */
export function plainText(text: string): string {
  const inline = (parts: readonly Inline[]): string => parts.map(said).join("");
  const said = (part: Inline): string => {
    if (part.type === "mention") return `@${part.username}`;
    return "inside" in part ? inline(part.inside) : part.text;
  };
  const blocks = parseMarkdown(text).map((block) => ("inside" in block ? inline(block.inside) : block.text));
  return blocks.join(" ").replace(/\s+/gu, " ").trim();
}
