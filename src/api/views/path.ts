import type { Direction, Explanation } from '../../topology/explain.ts'
import type { Paths } from '../schemas/path.ts'

/** An explanation as REST shows it: what is not known is null, so that every candidate has the same fields. */
export function pathsView({ directions, sentences, advice }: Explanation): Paths {
  const [{ from, to }] = directions
  return {
    from,
    to,
    sentences: [...sentences],
    advice: [...advice],
    directions: directions.map(directionView),
  }
}

function directionView({ from, to, inUse, candidates: { taken, rejected } }: Direction) {
  return {
    from,
    to,
    inUse: { kind: inUse.kind, via: inUse.via ?? null },
    candidates: taken.map(({ endpoint, via, ...rest }) => ({
      ...rest,
      endpoint: endpoint ?? null,
      via: via ?? null,
    })),
    rejected: [...rejected],
  }
}
