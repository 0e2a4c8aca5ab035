import type { NumberType } from "../../src/domain/profile/stored-number.ts";

/** Where a value stands in a tensor of the model. */
export interface ElementPlace {
  readonly tensor: string;
  /** Of the elements of an item; undefined: its only one. */
  readonly index?: number | undefined;
}

export interface NumericUse {
  readonly use: "numeric";
  readonly name: string;
  readonly source: ElementPlace;
  readonly elementType: NumberType;
  /** Devices tell its quantiles too. */
  readonly quantiles?: boolean | undefined;
}

export interface CategoricalUse {
  readonly use: "categorical";
  readonly name: string;
  readonly source: ElementPlace;
  /** null: a tensor of texts. */
  readonly elementType: NumberType | null;
  /** undefined: the most frequent words. */
  readonly vocabulary?: readonly string[] | undefined;
  /** By the config, and not by a look at the values. */
  readonly isTold: boolean;
}

/** What becomes of a column. */
export type ColumnUse =
  | NumericUse
  | CategoricalUse
  | { readonly use: "embedding"; readonly embedding: string }
  | { readonly use: "time" | "label" | "prediction" | "confidence" }
  | { readonly use: "left out"; readonly why: string };

/** A column of lists of numbers, or several of numbers: one vector a row. */
export interface Embedding {
  readonly name: string;
  readonly tensor: string;
  readonly projections: number;
  readonly elementType: NumberType;
  /** Indices of the columns, in the order of the elements; one when it holds lists. */
  readonly columns: readonly number[];
  /** Elements of a row. */
  readonly length: number;
}

/** A use for each column, in their order. */
export interface TablePlan {
  readonly columns: readonly string[];
  readonly uses: readonly ColumnUse[];
  readonly embeddings: readonly Embedding[];
}
