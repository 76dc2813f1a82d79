/// What people are called, as far as the page has heard. Pure.

/** Names that are told as one line: "Ann", "Ann and Bob", "Ann, Bob and 3 others". */
export function listNames(names: readonly string[], most = 2): string {
  const [first, second] = names;
  if (first === undefined) return "";
  if (second === undefined) return first;
  if (names.length <= most) return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1] ?? ""}`;
  const rest = names.length - most;
  return `${names.slice(0, most).join(", ")} and ${rest} ${rest === 1 ? "other" : "others"}`;
}

/** "Ann is typing…" */
export function typingLine(names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length > 3) return "Several people are typing…";
  return `${listNames(names, 3)} ${names.length === 1 ? "is" : "are"} typing…`;
}
