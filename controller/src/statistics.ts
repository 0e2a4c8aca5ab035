/**
 * The statistics drift is judged by, for whoever wants to check them or use them elsewhere: docs/statistics.md. Where
 * two sides are compared, the reference comes first.
 */
export type {
  AdwinOptions,
  BernoulliCusumOptions,
  ChiSquareResult,
  ComparisonStatus,
  DdmOptions,
  HddmAOptions,
  KsOptions,
  KsResult,
  KswinOptions,
  Numbers,
  PageHinkleyOptions,
} from "@modelfleet/protocol";
export {
  Adwin,
  BernoulliCusum,
  benjaminiHochberg,
  chiSquare,
  cramersV,
  Ddm,
  HddmA,
  hellinger,
  jensenShannon,
  Kswin,
  ksTwoSample,
  PageHinkley,
  psi,
  wassersteinNormalized,
} from "@modelfleet/protocol";
