import { defineConfig } from "vite";

// The API serves the result at "/"; relative addresses keep it working behind a path prefix too.
export default defineConfig({
  base: "./",
  build: {
    outDir: "../api/static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1400,
    assetsInlineLimit: 2048,
  },
  server: {
    proxy: {
      "/api": { target: "http://127.0.0.1:8000", ws: true },
    },
  },
});
