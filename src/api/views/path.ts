import type { LinkExplanation } from '../../controller/graph/links.ts'
import { type Allowance, allowanceText } from '../../model/policy.ts'
import type { Direction } from '../../topology/explain.ts'
import type { Paths } from '../schemas/path.ts'

/** An explanation as REST shows it: what is not known is null, so that every candidate has the same fields. */
export function pathsView({ directions, sentences, advice, opens }: LinkExplanation): Paths {
  const [{ from, to }] = directions
  const [forth, back] = opens
  return {
    from,
    to,
    sentences: [...sentences],
    advice: [...advice],
    directions: [directionView(directions[0], forth), directionView(directions[1], back)],
  }
}

function directionView({ from, to, inUse, candidates: { taken, rejected } }: Direction, opens: Allowance) {
  return {
    from,
    to,
    opens: allowanceText(opens),
    inUse: { kind: inUse.kind, via: inUse.via ?? null },
    candidates: taken.map(({ endpoint, via, ...rest }) => ({
      ...rest,
      endpoint: endpoint ?? null,
      via: via ?? null,
    })),
    rejected: [...rejected],
  }
}
