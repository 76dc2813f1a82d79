/// Lists of people that a server tells moderators: bans, mutes, invitations, read markers. Parsed at the door. Pure.

export interface Sanction {
  readonly id: string;
  readonly name: string;
  /** When it is over, milliseconds since 1970; null for never. */
  readonly until: number | null;
}

export interface Reader {
  readonly id: string;
  readonly name: string;
  /** How far they have read. */
  readonly seq: number;
}

/** The people of a list, `key` in the answer; what is none is left out. */
export function parseSanctions(answer: unknown, key: "bans" | "mutes" | "invitations"): readonly Sanction[] {
  return listOf(answer, key).map((fields) => ({
    ...personOf(fields),
    until: typeof fields["until"] === "number" ? fields["until"] : null,
  }));
}

/** Who has read how far. */
export function parseReaders(answer: unknown): readonly Reader[] {
  return listOf(answer, "reads").flatMap((fields) =>
    typeof fields["seq"] === "number" ? [{ ...personOf(fields), seq: fields["seq"] }] : [],
  );
}

function personOf(fields: Record<string, unknown>): { readonly id: string; readonly name: string } {
  const [id, name, username] = [fields["id"], fields["display_name"], fields["username"]];
  const called = typeof name === "string" ? name : typeof username === "string" ? username : "Somebody";
  return { id: typeof id === "string" ? id : "", name: called };
}

function listOf(answer: unknown, key: string): readonly Record<string, unknown>[] {
  if (typeof answer !== "object" || answer === null) return [];
  const list: unknown = new Map<string, unknown>(Object.entries(answer)).get(key);
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => (typeof one === "object" && one !== null ? [{ ...one }] : []));
}
