/// What is opened beside and over a room's messages: fetched when it is first opened.

export const PANELS = {
  members: () => import("../panels/Members.svelte"),
  search: () => import("../panels/Search.svelte"),
  thread: () => import("../panels/Thread.svelte"),
};

export const OVERS = {
  emoji: () => import("./EmojiPicker.svelte"),
  delete: () => import("./DeleteDialog.svelte"),
  readers: () => import("./ReadersDialog.svelte"),
  date: () => import("./DateDialog.svelte"),
  details: () => import("./DetailsDialog.svelte"),
  receipt: () => import("../../receipt/Receipt.svelte"),
  invite: () => import("./InviteDialog.svelte"),
};
