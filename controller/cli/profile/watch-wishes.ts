import type {
  WatchedNumber,
  WatchedWords,
} from "../../src/domain/profile/learning/learning-profile.ts";
import { CliError } from "../cli-error.ts";

const ELEMENT = /^(?:(?<name>[^=]+)=)?(?<tensor>.+)\[(?<index>[0-9]{1,9})\]$/;
const REDUCED =
  /^(?:(?<name>[^=]+)=)?(?<reduce>mean|sd|min|max)\((?<tensor>.+?)(?:\[(?<from>[0-9]{1,9})-(?<to>[0-9]{1,9})\])?\)$/;
const WORDS = /^(?:(?<name>[^=]+)=)?(?<tensor>.+?)(?:\[(?<index>[0-9]{1,9})\])?:(?<words>[^:]+)$/;

/** `lamp=x[3]`, `mean(x)`, `low=mean(x[0-112])`. @throws CliError USAGE */
export function readNumber(text: string): WatchedNumber {
  const reduced = REDUCED.exec(text)?.groups;
  if (reduced !== undefined) return reducedNumber(text, reduced);
  const { name, tensor, index } = ELEMENT.exec(text)?.groups ?? {};
  if (tensor === undefined || index === undefined) {
    throw new CliError(
      "USAGE",
      `--feature: expected an element like lamp=x[3], or mean, sd, min or max like low=mean(x[0-112]), got "${text.slice(0, 64)}"`,
    );
  }
  return { name: name ?? text, source: { tensor, reduce: "element", index: Number(index) } };
}

type Groups = Readonly<Record<string, string | undefined>>;

function reducedNumber(
  text: string,
  { name, reduce, tensor = "", from, to }: Groups,
): WatchedNumber {
  const range: [number, number] | undefined =
    from === undefined || to === undefined ? undefined : [Number(from), Number(to)];
  return {
    name: name ?? text,
    source: { tensor, reduce: reductionOf(reduce), ...(range && { range }) },
  };
}

function reductionOf(word: string | undefined): "mean" | "sd" | "min" | "max" {
  return word === "sd" || word === "min" || word === "max" ? word : "mean";
}

/** `grade=quality:A,B,C`, `shift=x[4]:0,1,2`. @throws CliError USAGE */
export function readWords(text: string): WatchedWords {
  const { name, tensor, index, words } = WORDS.exec(text)?.groups ?? {};
  if (tensor === undefined || words === undefined) {
    throw new CliError(
      "USAGE",
      `--category: expected a tensor and its words like grade=quality:A,B,C, got "${text.slice(0, 64)}"`,
    );
  }
  const source = { tensor, ...(index !== undefined && { index: Number(index) }) };
  const place = index === undefined ? tensor : `${tensor}[${index}]`;
  return { name: name ?? place, source, vocabulary: words.split(",") };
}
