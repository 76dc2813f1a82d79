/// Finding among names. Pure.

/** Those whose name has a word that begins so, for each of the words; whose name itself begins so come first. */
export function matching<T extends { readonly name: string }>(all: readonly T[], words: string): readonly T[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/u)
    .filter((word) => word !== "");
  const fits = ({ name }: T): boolean => {
    const own = ` ${name.toLowerCase()}`;
    return wanted.every((word) => own.includes(` ${word}`));
  };
  const first = wanted[0] ?? "";
  const begins = ({ name }: T): number => (name.toLowerCase().startsWith(first) ? 0 : 1);
  return all.filter(fits).sort((a, b) => begins(a) - begins(b));
}
