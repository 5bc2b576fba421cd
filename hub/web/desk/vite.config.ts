// Two builds. The desk: index.html and hashed files under /assets/, any route may serve index.html.
// The embeds (--mode embed): one self-contained script for a stranger's page, with a name that never changes.
import { defineConfig } from "vitest/config";

const HUB = process.env["AMENDS_HUB"] ?? "http://127.0.0.1:8080";

const desk = {
  outDir: "dist",
  emptyOutDir: true,
  assetsInlineLimit: 0, // the content security policy allows no data: addresses
  cssTarget: ["chrome123", "firefox120", "safari17.5"], // light-dark() is known since then
  modulePreload: { polyfill: false },
};

const embed = {
  outDir: "dist/embed",
  emptyOutDir: true,
  lib: { entry: "src/embed/form.ts", name: "AmendsForm", formats: ["iife" as const], fileName: () => "form.js" },
};

export default defineConfig(({ mode }) => ({
  base: "/",
  publicDir: mode === "embed" ? false : "public",
  build: { target: "es2022", sourcemap: false, ...(mode === "embed" ? embed : desk) },
  server: { proxy: { "/api": { target: HUB, ws: true } } },
  test: { environment: "happy-dom", include: ["src/**/*.test.{ts,tsx}"], passWithNoTests: true },
}));
