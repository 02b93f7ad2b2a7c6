/* Which files do the pages load?
 *
 * One stylesheet, a script, an icon and fonts, each with a hash of what is in it in its name, and beside them
 * manifest.json, which says what each is called. Run in a copy of this folder in which `npm ci` has been run:
 *
 *     node build.mjs FOLDER
 */

import { build } from "esbuild";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const folder = process.argv[2];
if (!folder) throw new Error("say in which folder to put the files: node build.mjs FOLDER");

// What a first visit may cost besides the page, in bytes as they are sent with gzip: together they stay below 150 kB.
const BUDGET = 100_000;
const FIRST_VISIT = [".css", ".js", ".svg", "-latin-400-normal.woff2", "-latin-700-normal.woff2"];

const settings = {
  bundle: true,
  minify: true,
  // Browsers of the last three years; older ones get pages without style or script, and those work.
  target: ["chrome111", "edge111", "firefox115", "safari16.4"],
  outdir: folder,
  entryNames: "[name].[hash]",
  assetNames: "[name].[hash]",
  loader: { ".svg": "copy", ".woff2": "file" },
  legalComments: "none", // the licences go along in one file
  metafile: true,
  logLevel: "warning",
};

/* The theme has thousands of tokens, for the components of everybody. Only those that our style asks for are kept, and
 * those that these are made of. */
const tokens = (style) => ({
  name: "tokens",
  setup(builder) {
    builder.onLoad({ filter: /voorbeeld-design-tokens[\\/]dist[\\/]theme\.css$/ }, ({ path }) => ({
      contents: style === undefined ? "" : kept(readFileSync(path, "utf8"), style),
      loader: "css",
    }));
  },
});

const asked = (css) => [...css.matchAll(/var\(\s*(--[\w-]+)/g)].map(([, name]) => name);

function kept(theme, style) {
  const line = /^\s*(--[\w-]+):(.*);.*$/gm;
  const values = new Map([...theme.matchAll(line)].map(([, name, value]) => [name, value]));
  const found = new Set();
  for (const open = asked(style); open.length; ) {
    const name = open.pop();
    if (!values.has(name) || found.has(name)) continue;
    found.add(name);
    open.push(...asked(values.get(name)));
  }
  return theme.replace(line, (_, name, value) => (found.has(name) ? `${name}:${value.trim()};` : ""));
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const style = { in: "weerbaar.css", out: "weerbaar" };
const rest = [
  { in: "weerbaar.js", out: "weerbaar" },
  { in: "favicon.svg", out: "favicon" },
];
const bare = await build({ ...settings, entryPoints: [style], write: false, plugins: [tokens()] });
const asking = bare.outputFiles.map((file) => file.text).join("\n");
const { metafile } = await build({ ...settings, entryPoints: [style, ...rest], plugins: [tokens(asking)] });

const manifest = Object.fromEntries(
  Object.keys(metafile.outputs)
    .map((path) => basename(path))
    .sort()
    .map((name) => [name.replace(/\.[A-Z0-9]{8}\./, "."), name]),
);

let total = 0;
for (const [name, file] of Object.entries(manifest)) {
  const content = readFileSync(join(folder, file));
  let sent = content.length;
  if (extname(file) !== ".woff2") {
    const brotli = brotliCompressSync(content);
    const gzip = gzipSync(content, { level: 9 });
    writeFileSync(join(folder, `${file}.br`), brotli);
    writeFileSync(join(folder, `${file}.gz`), gzip);
    sent = gzip.length;
    console.log(`${name.padEnd(36)} ${content.length} bytes, gzip ${sent}, brotli ${brotli.length}`);
  } else {
    console.log(`${name.padEnd(36)} ${content.length} bytes`);
  }
  if (FIRST_VISIT.some((end) => name.endsWith(end))) total += sent;
}
console.log(`${"a first visit".padEnd(36)} ${total} bytes with gzip, and the page itself`);
if (total > BUDGET) throw new Error(`that is ${total - BUDGET} bytes too much`);

/* The licences ask to go along with what is under them. */
const { dependencies } = JSON.parse(readFileSync("package.json", "utf8"));
const licences = Object.entries(dependencies).map(([name, version]) => {
  const at = join("node_modules", name);
  const file = readdirSync(at).find((entry) => /^licen[cs]e/i.test(entry));
  return `${name} ${version}\n\n${readFileSync(join(at, file), "utf8").trim()}\n`;
});
writeFileSync(join(folder, "licences.txt"), licences.join(`\n${"=".repeat(80)}\n\n`));

// Last, so that a build that was broken off is begun again.
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
