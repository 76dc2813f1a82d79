/// Where something that hangs over the page goes: beside what it belongs to, inside the window. It writes through CSSOM, which
/// a content security policy allows.

/** CSS pixels kept free to the window's edge. */
const MARGIN = 8;
/** CSS pixels between the two. */
const GAP = 4;

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Anchor {
  readonly top: number;
  readonly bottom: number;
  readonly right: number;
}

/** The top left corner: below the anchor and flush with its end, above it where there is no room below. Pure. */
export function spot(size: Size, anchor: Anchor, room: Size): { readonly left: number; readonly top: number } {
  const left = Math.max(MARGIN, Math.min(anchor.right - size.width, room.width - size.width - MARGIN));
  const below = anchor.bottom + GAP;
  const above = anchor.top - GAP - size.height;
  const fits = below + size.height <= room.height - MARGIN;
  const top = fits || above < MARGIN ? Math.min(below, room.height - size.height - MARGIN) : above;
  return { left, top: Math.max(MARGIN, top) };
}

/** Puts `element`, which is `position: fixed`, beside `anchor`. */
export function place(element: HTMLElement, anchor: Anchor): void {
  const size = { width: element.offsetWidth, height: element.offsetHeight };
  const { left, top } = spot(size, anchor, { width: innerWidth, height: innerHeight });
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
}
