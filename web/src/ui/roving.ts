/// Moving the focus inside a list by arrows, Home, End and first letters.

/** The index to go to; null where the key is none of ours. Pure; `labels` are what the items are called. */
export function nextIndex(key: string, index: number, labels: readonly string[]): number | null {
  const count = labels.length;
  if (count === 0) return null;
  switch (key) {
    case "ArrowDown":
      return (index + 1) % count;
    case "ArrowUp":
      return (index - 1 + count) % count;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return byLetter(key, index, labels);
  }
}

function byLetter(key: string, index: number, labels: readonly string[]): number | null {
  if (Array.from(key).length !== 1 || key === " ") return null;
  const letter = key.toLowerCase();
  for (let step = 1; step <= labels.length; step += 1) {
    const at = (index + step) % labels.length;
    if (labels[at]?.trim().toLowerCase().startsWith(letter) === true) return at;
  }
  return null;
}

/** Moves the focus among `items` for a key, and then keeps the key from anybody else. */
export function moveIn(event: KeyboardEvent, items: readonly HTMLElement[], letters = true): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const index = items.findIndex((item) => item === document.activeElement);
  const labels = items.map((item) => (letters ? item.textContent : ""));
  const next = nextIndex(event.key, index, labels);
  if (next === null) return;
  event.preventDefault();
  event.stopPropagation();
  items[next]?.focus();
}
