import { FleetId, type ReleaseManifest } from "@modelfleet/protocol";
import { assembleUpload } from "../src/app/release/assemble-upload.ts";
import { openLocalFiles } from "./local-files.ts";

/** The document is looked at and thrown away: which fleet it is for, the controller says. */
const anyFleet = FleetId.parse("00000000-0000-4000-8000-000000000000");

/**
 * Scans and checks a release folder as the controller does with an upload, before any of it is sent.
 *
 * @throws CliError FILE; PublishError with the controller's own code
 */
export function checkFolder(folder: string, manifest: ReleaseManifest, nowMs: number): void {
  using local = openLocalFiles(folder, manifest);
  assembleUpload({ manifest, files: local.files, fleet: anyFleet, nowMs });
  local.refuseChanged();
}
