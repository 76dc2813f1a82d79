/// Builds the page. What must hold: everything is served from where the page is, under hashed names, and nothing is inlined
/// that a content security policy of 'self' would refuse (no data: assets, no inline script or style).
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env["ROOMLOG_URL"] ?? "http://127.0.0.1:8080";

// The host is left as the browser sent it: where a cookie says who one is, the server holds it against the page's origin.
const proxy = { "/v1": { target: server, ws: true, changeOrigin: false } };

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2024",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    sourcemap: false,
  },
  server: { strictPort: true, proxy },
  preview: { strictPort: true, proxy },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
