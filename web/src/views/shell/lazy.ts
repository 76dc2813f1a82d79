/// Dialogs of the whole page: fetched when they are first opened.

export const DIALOGS = {
  shortcuts: () => import("./ShortcutsDialog.svelte"),
  "go-to": () => import("./GoToDialog.svelte"),
  create: () => import("./CreateDialog.svelte"),
  direct: () => import("./DirectDialog.svelte"),
};
