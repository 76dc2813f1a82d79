/// How the page is looked at: on a desk in light and in dark, and on a phone.

import { type BrowserContextOptions, devices } from "playwright-core";

const STILL = { reducedMotion: "reduce" } as const;
const DESKTOP = { ...STILL, viewport: { width: 1_280, height: 800 } };
/** The narrowest that the page is made for, pixels. */
const NARROW = { width: 360, height: 640 };

export const LOOKS = {
  light: { ...DESKTOP, colorScheme: "light" },
  dark: { ...DESKTOP, colorScheme: "dark" },
  phone: { ...STILL, ...devices["Galaxy S5"], viewport: NARROW, screen: NARROW, colorScheme: "light" },
} as const satisfies Readonly<Record<string, BrowserContextOptions>>;

export type Look = keyof typeof LOOKS;
