/// Builds the page. What must hold: everything is served from where the page is, under hashed names, and nothing is inlined
/// that a content security policy of 'self' would refuse (no data: assets, no inline script or style).
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env["ROOMLOG_URL"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    sourcemap: false,
  },
  server: {
    strictPort: true,
    // The cookie's Origin check sees the page's own origin: the host is left as the browser sent it.
    proxy: { "/v1": { target: server, ws: true, changeOrigin: false } },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
