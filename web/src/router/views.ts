/// Views that are loaded when one first goes there. Sign-in, home and room are part of the first load and not here.

import type { Component } from "svelte";
import type { Route } from "./routes.js";

/** Brings a view. It takes no props: where one is stands in `router.route`. */
export type View = () => Promise<{ readonly default: Component }>;

/** By the route's name. */
export const VIEWS: Partial<Record<Route["name"], View>> = {
  admin: () => import("../admin/Admin.svelte"),
  log: () => import("../log/Log.svelte"),
  past: () => import("../past/Past.svelte"),
  settings: () => import("../views/settings/Settings.svelte"),
};
