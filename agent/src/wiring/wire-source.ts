import { systemClock } from "../adapters/clock/system-clock.ts";
import { carriedDocuments, carriedFiles } from "../adapters/exchange-folder/carried-source.ts";
import { exchangePaths } from "../adapters/exchange-folder/exchange-folder.ts";
import { httpBlobSource, httpMirror } from "../adapters/http-client/http-blob-source.ts";
import { mirroredSource } from "../adapters/http-client/mirrored-source.ts";
import type { AgentConfig } from "../config.ts";
import type { DataFolder } from "../open-data-folder.ts";
import type { BlobSource } from "../ports/blob-source.ts";
import type { Log } from "../ports/log.ts";

/** Where files of releases come from: what was carried here, a mirror, the controller. */
export function blobSource({ enrolment }: DataFolder, config: AgentConfig, log: Log): BlobSource {
  const { mirrorUrl } = config;
  const { controllerUrl, device, secret } = enrolment;
  const clock = systemClock;
  const { bundle } = exchangePaths(config.folder);
  const controller = httpBlobSource({ controllerUrl, device, secret, clock });
  const parts = { clock, log };
  const network =
    mirrorUrl === undefined
      ? controller
      : mirroredSource({ controller, mirror: httpMirror({ mirrorUrl, clock }), ...parts });
  const documents = carriedDocuments(bundle, network);
  return mirroredSource({ controller: documents, mirror: carriedFiles(bundle), ...parts });
}
