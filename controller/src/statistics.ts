/**
 * The statistics drift is judged by, for whoever wants to check them or use them elsewhere: docs/statistics.md. Where
 * two sides are compared, the reference comes first.
 */
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
