import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const PACKAGES = ["protocol", "agent", "controller", "modelfleet"];

/**
 * A copy of the sources and of what the room check reads, in an empty folder.
 * Installed packages are links; our own are links into the copy, as npm would make them there.
 */
export function copyTree(folder: string): void {
  const kept = [".dependency-cruiser.js", "package.json", "tsconfig.base.json", "tsconfig.json"];
  for (const name of kept) cpSync(join(ROOT, name), join(folder, name));
  for (const name of PACKAGES) {
    for (const part of ["package.json", "tsconfig.json", "src", "cli"]) copy(folder, name, part);
  }
  linkPackages(folder);
}

export function plant(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { flag: "wx" });
}

function copy(folder: string, name: string, part: string): void {
  if (!readdirSync(join(ROOT, name)).includes(part)) return;
  cpSync(join(ROOT, name, part), join(folder, name, part), { recursive: true });
}

function linkPackages(folder: string): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@modelfleet"), { recursive: true });
  for (const name of readdirSync(join(ROOT, "node_modules"))) {
    if (PACKAGES.includes(name) || name === "@modelfleet" || name.startsWith(".")) continue;
    symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
  }
  for (const name of PACKAGES) {
    const link = name === "modelfleet" ? name : `@modelfleet/${name}`;
    symlinkSync(join(folder, name), join(modules, link));
  }
}
