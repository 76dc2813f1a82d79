/// Paths of the page, read and written. Pure: no history, no DOM.

/** Where one can be. `seq` is a message's number in its room, from 1. */
export type Route =
  | { readonly name: "home" }
  | { readonly name: "room"; readonly room: string; readonly seq: number | null }
  | { readonly name: "past"; readonly room: string; readonly seq: number | null }
  | { readonly name: "log" }
  | { readonly name: "admin" }
  | { readonly name: "settings" }
  | { readonly name: "nowhere"; readonly path: string };

const ROOM_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const SEQ = /^[1-9][0-9]{0,15}$/;

/** What a path means; `search` is what stands behind its question mark: `/room/ID/past?seq=17` begins at a message. */
export function parseRoute(path: string, search = ""): Route {
  const [first, second, third, ...rest] = path.split("/").filter((part) => part !== "");
  const nowhere: Route = { name: "nowhere", path };
  if (rest.length > 0) return nowhere;
  if (first === undefined) return { name: "home" };
  if (first === "room") return parseRoom(second, third, search) ?? nowhere;
  if (second !== undefined) return nowhere;
  if (first === "log" || first === "admin" || first === "settings") return { name: first };
  return nowhere;
}

function parseRoom(room: string | undefined, third: string | undefined, search: string): Route | null {
  if (room === undefined || !ROOM_ID.test(room)) return null;
  if (third === undefined) return { name: "room", room, seq: null };
  if (third === "past") return { name: "past", room, seq: parseSeq(new URLSearchParams(search).get("seq")) };
  const seq = parseSeq(third);
  return seq === null ? null : { name: "room", room, seq };
}

function parseSeq(text: string | null): number | null {
  if (text === null || !SEQ.test(text)) return null;
  const seq = Number(text);
  return Number.isSafeInteger(seq) ? seq : null;
}

/** The path of a room, or of a message in it. */
export function roomPath(room: string, seq: number | null = null): string {
  return seq === null ? `/room/${room}` : `/room/${room}/${seq}`;
}

/** The path of a room's past, at a message if one is named. */
export function pastPath(room: string, seq: number | null = null): string {
  return seq === null ? `/room/${room}/past` : `/room/${room}/past?seq=${seq}`;
}
