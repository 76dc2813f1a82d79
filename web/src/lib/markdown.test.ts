import { describe, expect, it } from "vitest";
import { isEmojiAlone, parseInline, parseMarkdown, plainText, safeHref, type Inline } from "./markdown.js";

/** A tree as one can read it: <b>, <i> … around what is inside. */
function shown(parts: readonly Inline[]): string {
  return parts
    .map((part) => {
      switch (part.type) {
        case "text":
          return part.text;
        case "code":
          return `<code ${part.text}>`;
        case "link":
          return part.href === part.text ? `<link ${part.href}>` : `<link ${part.href} as ${part.text}>`;
        case "mention":
          return `<at ${part.username}>`;
        case "bold":
        case "italic":
        case "strike":
          return `<${part.type} ${shown(part.inside)}>`;
      }
    })
    .join("");
}

describe("inline marks", () => {
  it.each([
    ["plain", "plain"],
    ["**bold**", "<bold bold>"],
    ["a *b* c", "a <italic b> c"],
    ["_x_ and __y__", "<italic x> and <bold y>"],
    ["~~gone~~", "<strike gone>"],
    ["**a *b* c**", "<bold a <italic b> c>"],
    ["`**code**`", "<code **code**>"],
    ["snake_case_name", "snake_case_name"],
    ["2 * 3 * 4", "2 * 3 * 4"],
    ["a*b*c", "a*b*c"],
    ["**open", "**open"],
    ["** spaced **", "** spaced **"],
    ["``", "``"],
    ["*", "*"],
    ["****", "****"],
    ["@ann.lee, hi", "<at ann.lee>, hi"],
    ["ask @bob.", "ask <at bob>."],
    ["mail@example.org", "mail@example.org"],
    ["@me", "@me"],
  ])("%s", (text, expected) => {
    expect(shown(parseInline(text))).toBe(expected);
  });
});

describe("links", () => {
  it.each([
    ["see https://example.org/a.", "see <link https://example.org/a>."],
    ["(https://example.org/a_(b))", "(<link https://example.org/a_(b)>)"],
    ["https://example.org/?q=1&r=2#x!", "<link https://example.org/?q=1&r=2#x>!"],
    ["[docs](https://example.org/x)", "<link https://example.org/x as docs>"],
    ["xhttps://example.org/", "xhttps://example.org/"],
    ["**https://example.org/**", "<bold <link https://example.org/>>"],
  ])("%s", (text, expected) => {
    expect(shown(parseInline(text))).toBe(expected);
  });

  it.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "//example.org",
    "https://",
    "file:///etc/passwd",
    "JaVaScRiPt:x",
  ])("%s is none", (text) => {
    expect(safeHref(text)).toBeNull();
    expect(shown(parseInline(`[x](${text})`))).not.toContain("<link");
  });
});

describe("blocks", () => {
  it("are paragraphs, quotes and code", () => {
    expect(parseMarkdown("a\nb\n> q *r*\n> s\nc\n```ts\nlet *x*\n```\nd")).toEqual([
      { type: "paragraph", inside: [{ type: "text", text: "a\nb" }] },
      {
        type: "quote",
        inside: [
          { type: "text", text: "q " },
          { type: "italic", inside: [{ type: "text", text: "r" }] },
          { type: "text", text: "\ns" },
        ],
      },
      { type: "paragraph", inside: [{ type: "text", text: "c" }] },
      { type: "code", text: "let *x*" },
      { type: "paragraph", inside: [{ type: "text", text: "d" }] },
    ]);
  });
  it("take code on one line, and an open fence as text", () => {
    expect(parseMarkdown("```a b```")).toEqual([{ type: "code", text: "a b" }]);
    expect(parseMarkdown("```\nopen")).toEqual([{ type: "paragraph", inside: [{ type: "text", text: "```\nopen" }] }]);
  });
  it("keep markup as text", () => {
    const text = `<img src=x onerror="alert(1)"><script>alert(1)</script>`;
    expect(parseMarkdown(text)).toEqual([{ type: "paragraph", inside: [{ type: "text", text }] }]);
  });
});

describe("every text", () => {
  const texts = [
    "*_~`[@",
    "**".repeat(2048),
    "*a ".repeat(1365),
    "_*".repeat(2048),
    "[".repeat(4096),
    "`a".repeat(2048),
    "> ".repeat(2048),
    "(".repeat(4096),
  ];

  it.each(texts)("comes to an end, a hundred times within a test's deadline: %#", (text) => {
    for (let round = 0; round < 100; round += 1) expect(parseMarkdown(text).length).toBeGreaterThan(0);
  });
  it("loses no word", () => {
    expect(plainText("a **b *c* d** `e`\n> f\n```\ng\n```\nhttps://example.org/ @ann")).toBe(
      "a b c d e f g https://example.org/ @ann",
    );
  });
});

describe("emoji alone", () => {
  it.each(["👍", "👩‍🚀 🇫🇷", "❤️", "👋🏽👋🏽👋🏽"])("%s is", (text) => expect(isEmojiAlone(text)).toBe(true));
  it.each(["👍👍👍👍", "ok 👍", "1", "#", ""])("%s is not", (text) => expect(isEmojiAlone(text)).toBe(false));
});
