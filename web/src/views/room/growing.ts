/// A text box that is as tall as what stands in it; its greatest height is the style sheet's. Browsers that can do it by
/// themselves (`field-sizing`) are left alone.

/** To be attached to a text box. */
export function growing(element: HTMLTextAreaElement): (() => void) | undefined {
  if (CSS.supports("field-sizing", "content")) {
    element.style.setProperty("field-sizing", "content");
    return undefined;
  }
  const fit = (): void => {
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight + 2}px`;
  };
  fit();
  element.addEventListener("input", fit);
  return () => element.removeEventListener("input", fit);
}
