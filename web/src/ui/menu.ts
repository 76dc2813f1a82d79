/// What a menu holds.

import type { IconName } from "./icons.js";

/** One thing to do. Labels of a menu differ. */
export interface MenuItem {
  readonly label: string;
  readonly icon?: IconName;
  readonly danger?: boolean;
  readonly run: () => void;
}
