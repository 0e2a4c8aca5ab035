import type { Seasons } from "../../src/domain/profile/seasons.ts";
import type { ColumnUse, ElementPlace } from "../profile/column-use.ts";
import type { FileProfile } from "../profile/make-from-file.ts";
import { plainLine } from "./plain-text.ts";
import { renderProfile } from "./profile.ts";
import { table } from "./table.ts";

/** For a program: where the profile is, what became of each column, and what a person should know. */
export function summaryOf(out: string, made: FileProfile): object {
  const { profile, plan } = made;
  return {
    out,
    samples: profile.samples,
    columns: plan.columns.map((name, index) => ({ name, ...factsOf(plan.uses[index]) })),
    embeddings: plan.embeddings.map(({ name, tensor, length, projections }) => ({
      ...{ name, tensor, length, projections },
    })),
    calibration: profile.calibration ?? null,
    notes: notesOf(made),
  };
}

/** For a person: the same, with a picture. */
export function renderBuilt(out: string, made: FileProfile): string {
  const { plan, profile } = made;
  const rows = plan.columns.map((name, index) => {
    const { use, place = "", why = "" } = factsOf(plan.uses[index]);
    return [name, use, place, why];
  });
  const vectors = plan.embeddings.map(
    ({ name, tensor, length, projections }) =>
      `${name}: ${length} elements of ${tensor} → ${projections} projections`,
  );
  return [
    table(["column", "taken for", "place", ""], rows),
    ...vectors,
    "",
    renderProfile(profile),
    "",
    ...notesOf(made).map((note) => `note: ${note}`),
    `wrote ${out}; beside release.json, name it there: "drift": { "baseline": "profile.json" }`,
  ].join("\n");
}

interface ColumnFacts {
  readonly use: string;
  readonly place?: string;
  readonly why?: string;
}

function factsOf(use: ColumnUse | undefined): ColumnFacts {
  switch (use?.use) {
    case "numeric":
      return { use: "numbers", place: placeOf(use.source) };
    case "categorical":
      return { use: use.elementType === null ? "words" : "categories", place: placeOf(use.source) };
    case "left out":
      return { use: use.use, why: use.why };
    case "embedding":
      return { use: use.use, place: use.embedding };
    case "time":
    case "label":
    case "prediction":
    case "confidence":
      return { use: use.use };
    case undefined:
      return { use: "left out" };
  }
}

function placeOf({ tensor, index }: ElementPlace): string {
  return index === undefined ? tensor : `${tensor}[${index}]`;
}

function notesOf(made: FileProfile): readonly string[] {
  const { profile, empty, seasons, guessedClasses } = made;
  return [
    ...(guessedClasses.length === 0
      ? []
      : [
          `classes stand in the order ${guessedClasses.map(plainLine).join(", ")}: if that is not the order of the model's output, say output.classes in the config`,
        ]),
    ...(profile.calibration === undefined
      ? ["fewer rows than one window has: no thresholds were calibrated (--window-items)"]
      : []),
    ...empty.map((name) => `${name}: no row has a value, so nothing is watched`),
    ...seasonNotes(seasons),
  ];
}

function seasonNotes(seasons: Seasons): readonly string[] {
  if (seasons.kind !== "thin") return [];
  const { place, rows, rowsMin } = seasons;
  const hour = `${place.weekend ? "weekend" : "workday"} ${place.hour}:00 UTC`;
  return [`no seasons: ${hour} has ${rows} rows, and each hour needs ${rowsMin}`];
}
