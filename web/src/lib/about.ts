/// What a server says of itself and of what it allows. Parsed at the door. Pure.

export interface About {
  readonly name: string;
  readonly version: string;
  /** Whether one may make an account. */
  readonly registration: boolean;
  /** Whether one may come in without an account. */
  readonly guests: boolean;
  /** Bounds of a password: characters, bytes. */
  readonly password: { readonly least: number; readonly most: number };
  /** Where traces are looked at; null for nowhere. */
  readonly jaegerUrl: string | null;
}

/** What was said; what is missing or of another kind is taken as most servers have it. */
export function parseAbout(value: unknown): About {
  const fields = record(value);
  const password = record(fields["password"]);
  return {
    name: text(fields["name"]) ?? "Roomlog",
    version: text(fields["version"]) ?? "",
    registration: fields["registration"] !== false,
    guests: fields["guests"] !== false,
    password: { least: whole(password["least"]) ?? 8, most: whole(password["most"]) ?? 1_024 },
    jaegerUrl: text(fields["jaeger_url"]) ?? null,
  };
}

/** Who one is, and whether an admin. */
export function parseRights(value: unknown): { readonly id: string; readonly admin: boolean } {
  const fields = record(value);
  return { id: text(fields["id"]) ?? "", admin: fields["admin"] === true };
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
