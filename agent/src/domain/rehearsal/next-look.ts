/**
 * With how many answers a release is looked at again. A look costs as much as hundreds of answers, and the more there
 * are, the less one more can change.
 */
export function nextLook(answered: number): number {
  return Math.ceil((answered + 1) * lookGrowth);
}

const lookGrowth = 1.05;
