/// A room's chain of digests, walked link by link: `d0 = BLAKE3(room id)[..16]`,
/// `dN = BLAKE3(d(N-1) ‖ N as 8 bytes, big-endian ‖ datum of N)[..16]` over the events that count.
///
/// What must hold: a digest is computed, never believed, but where the server may not show an event's bytes; such a step
/// is counted as taken on trust. Pure: the hash comes in, nothing is asked of anybody.

/** BLAKE3 of some bytes, 32 bytes. */
export type Hash = (bytes: Uint8Array) => Uint8Array;

/** What the walk needs to know of a replayed record. */
export interface ChainRecord {
  readonly verdict: string;
  readonly seq?: number | null | undefined;
  /** 32 hex digits. */
  readonly digest?: string | null | undefined;
  /** The event's Avro bytes, base64. */
  readonly datum?: string | null | undefined;
  /** Why the bytes are not shown to us. */
  readonly withheld?: string | null | undefined;
}

/** Where the walk stands: after the event `seq`, whose digest this is. */
export interface Link {
  readonly seq: number;
  /** 32 hex digits. */
  readonly digest: string;
  /** Steps since the room's beginning that could not be computed, for their bytes are withheld. */
  readonly trusted: number;
}

/** What one record does to the walk. */
export type Step =
  | { readonly kind: "computed"; readonly link: Link }
  /** The bytes are withheld: the digest that the server states is taken. */
  | { readonly kind: "trusted"; readonly link: Link }
  /** It does not count: it is no part of the chain. */
  | { readonly kind: "passed" }
  | { readonly kind: "differs"; readonly seq: number; readonly computed: string; readonly stated: string }
  /** Another event came than the next one, or one that says too little. */
  | { readonly kind: "broken"; readonly seq: number; readonly why: string };

const DIGEST_BYTES = 16;
const SEQ_BYTES = 8;
const DIGEST = /^[0-9a-f]{32}$/;

/** The link before a room's first event. `room` is its id as lower-case text. */
export function firstLink(hash: Hash, room: string): Link {
  return { seq: 0, digest: toHex(hash(new TextEncoder().encode(room)).subarray(0, DIGEST_BYTES)), trusted: 0 };
}

/** Walks over one record. */
export function follow(hash: Hash, link: Link, record: ChainRecord): Step {
  if (record.verdict !== "accepted") return { kind: "passed" };
  const { seq, digest } = record;
  const next = link.seq + 1;
  if (typeof seq !== "number" || seq !== next) {
    return {
      kind: "broken",
      seq: next,
      why: `the server sent event ${String(seq ?? "without a number")} in its place`,
    };
  }
  if (typeof digest !== "string" || !DIGEST.test(digest))
    return { kind: "broken", seq, why: "it came without a digest" };
  if (typeof record.datum !== "string") {
    if (typeof record.withheld !== "string") return { kind: "broken", seq, why: "it came without its bytes" };
    return { kind: "trusted", link: { seq, digest, trusted: link.trusted + 1 } };
  }
  const datum = fromBase64(record.datum);
  if (datum === null) return { kind: "broken", seq, why: "its bytes are not base64" };
  const computed = toHex(hash(hashed(link, seq, datum)).subarray(0, DIGEST_BYTES));
  if (computed !== digest) return { kind: "differs", seq, computed, stated: digest };
  return { kind: "computed", link: { seq, digest, trusted: link.trusted } };
}

/** The exact bytes whose hash is the next digest. */
function hashed(link: Link, seq: number, datum: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(DIGEST_BYTES + SEQ_BYTES + datum.length);
  bytes.set(fromHex(link.digest));
  new DataView(bytes.buffer).setBigUint64(DIGEST_BYTES, BigInt(seq));
  bytes.set(datum, DIGEST_BYTES + SEQ_BYTES);
  return bytes;
}

/** Bytes as hex digits, lower-case. */
function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Standard base64 with padding; null where it is none. */
function fromBase64(text: string): Uint8Array | null {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return null;
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
