import { readFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";

const fontLicence = new URL("node_modules/@fontsource-variable/inter/LICENSE", import.meta.url);

/** The font is bundled as a file, which the list of licences below does not know of. */
const withFontLicence: Plugin = {
  name: "font-licence",
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "assets/inter-license.txt", source: readFileSync(fontLicence) });
  },
};

// The API serves the result at "/"; relative addresses keep it working behind a path prefix too.
export default defineConfig({
  base: "./",
  plugins: [withFontLicence],
  build: {
    outDir: "../api/static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1400,
    assetsInlineLimit: 2048,
    license: { fileName: "assets/licenses.md" }, // of what is bundled
  },
  server: {
    proxy: { "/api": { target: "http://127.0.0.1:8000", ws: true } },
  },
});
