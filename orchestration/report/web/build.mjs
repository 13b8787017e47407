// Makes ../vendor/echarts.min.js and puts ECharts' licence beside it.
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const vendor = new URL("../vendor/", import.meta.url);
const echarts = new URL("node_modules/echarts/", import.meta.url);
const { version } = JSON.parse(await readFile(new URL("package.json", echarts), "utf8"));

await build({
  entryPoints: ["echarts.entry.js"],
  outfile: new URL("echarts.min.js", vendor).pathname,
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "echarts",
  target: "es2020",
  legalComments: "none",
  charset: "ascii",
  define: { "process.env.NODE_ENV": '"production"' },
  banner: { js: `/* Apache ECharts ${version}, Apache License 2.0: see LICENSE and NOTICE beside this file */` },
});
for (const name of ["LICENSE", "NOTICE"]) {
  await copyFile(new URL(name, echarts), new URL(name, vendor));
}
await writeFile(new URL("VERSION", vendor), `echarts ${version}\n`);
