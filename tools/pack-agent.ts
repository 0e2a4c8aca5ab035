import { execFileSync } from "node:child_process";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Packed, packFolder } from "./pack/pack-folder.ts";
import { type Platform, platforms } from "./pack/platform.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const usage = `npm run pack:agent -- --platform ${platforms.map(({ id }) => id).join("|")} [--out FOLDER] [--node FILE] [--no-tar] [--json]

Makes the agent's package for one kind of device: a folder and a .tar.gz of it. The device needs Node 20.19 or later,
or --node puts a Node program for that platform in. SOURCE_DATE_EPOCH sets the time of the build; the same sources and time
give the same bytes.`;

/** `npm run pack:agent`. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      platform: { type: "string", default: "linux-arm64" },
      out: { type: "string", default: join(root, "packages") },
      node: { type: "string" },
      tar: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    allowNegative: true,
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const platform = platformOf(values.platform);
  const builtAt = timeOfBuild();
  const folder = join(resolve(values.out), `modelfleet-agent-${version()}-${platform.id}`);
  const packed = await packFolder({ root, platform, folder, builtAt, node: values.node });
  const tarball = values.tar ? pack(folder, builtAt) : undefined;
  if (values.json) console.log(JSON.stringify({ folder, tarball, ...packed }));
  else report(packed, tarball ?? folder);
}

function platformOf(id: string): Platform {
  const found = platforms.find((platform) => platform.id === id);
  if (found !== undefined) return found;
  throw new Error(`--platform: expected ${platforms.map((one) => one.id).join(", ")}, got ${id}`);
}

function timeOfBuild(): Date {
  const given = process.env["SOURCE_DATE_EPOCH"];
  return given === undefined ? new Date() : new Date(Number(given) * 1_000);
}

function version(): string {
  const text = execFileSync(process.execPath, ["-p", "require('./agent/package.json').version"], {
    cwd: root,
    encoding: "utf8",
  });
  return text.trim();
}

function pack(folder: string, builtAt: Date): string {
  const tarball = `${folder}.tar.gz`;
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner"];
  const time = `--mtime=@${Math.floor(builtAt.getTime() / 1_000)}`;
  const args = [...same, time, "--use-compress-program=gzip -n9", "-cf", tarball];
  execFileSync("tar", [...args, "-C", dirname(folder), basename(folder)]);
  return tarball;
}

function report({ files, bytes, packages }: Packed, place: string): void {
  const mb = (size: number) => (size / 1e6).toFixed(1).padStart(7);
  for (const [name, size] of packages.slice(0, 12)) console.log(`${mb(size)} MB  ${name}`);
  console.log(`${mb(bytes)} MB  in ${files} files: ${place}`);
}

await main();
