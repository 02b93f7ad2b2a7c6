/* Which files do the pages load?
 *
 * One stylesheet, a script, an icon and fonts, each with a hash of what is in it in its name, and beside them
 * manifest.json, which says what each is called. Run in a copy of this folder in which `npm ci` has been run:
 *
 *     node build.mjs FOLDER
 *
 * Whoever reads the folder meanwhile finds the build before or this one, and both of them whole.
 */

import { build } from "esbuild";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
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
  write: false,
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

const style = { in: "weerbaar.css", out: "weerbaar" };
const rest = [
  { in: "weerbaar.js", out: "weerbaar" },
  { in: "favicon.svg", out: "favicon" },
];
const bare = await build({ ...settings, entryPoints: [style], plugins: [tokens()] });
const asking = bare.outputFiles.map((file) => file.text).join("\n");
const { outputFiles } = await build({ ...settings, entryPoints: [style, ...rest], plugins: [tokens(asking)] });
outputFiles.sort((one, other) => (one.path < other.path ? -1 : 1));

const manifest = {};
const files = new Map();
let total = 0;
for (const { path, contents } of outputFiles) {
  const file = basename(path);
  const name = file.replace(/\.[A-Z0-9]{8}\./, ".");
  manifest[name] = file;
  files.set(file, contents);
  let sent = contents.length;
  if (extname(file) !== ".woff2") {
    const brotli = brotliCompressSync(contents);
    const gzip = gzipSync(contents, { level: 9 });
    files.set(`${file}.br`, brotli).set(`${file}.gz`, gzip);
    sent = gzip.length;
    console.log(`${name.padEnd(36)} ${contents.length} bytes, gzip ${sent}, brotli ${brotli.length}`);
  } else {
    console.log(`${name.padEnd(36)} ${contents.length} bytes`);
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
files.set("licences.txt", licences.join(`\n${"=".repeat(80)}\n\n`));

// Last, so that it never names a file that is not there, and a build that was broken off is begun again.
files.set("manifest.json", `${JSON.stringify(manifest, null, 2)}\n`);

const current = join(folder, "manifest.json");
const before = existsSync(current) ? readFileSync(current, "utf8") : "{}";
mkdirSync(folder, { recursive: true });
for (const [name, content] of files) {
  // Under its own name a file is there at once and whole.
  writeFileSync(join(folder, `${name}.new`), content);
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

// A server serves the build with which it was started: the one before this stays, older ones go.
if (before !== files.get("manifest.json")) {
  const kept = [...files.keys(), ...Object.values(JSON.parse(before))];
  for (const name of readdirSync(folder)) {
    if (!kept.some((file) => name.startsWith(file))) rmSync(join(folder, name));
  }
}
