import type { NodeId } from '../keys/identity.ts'
import type { Hint } from '../protocol/frames.ts'
import type { Reach } from '../topology/reach.ts'
import type { Endpoint } from '../wireguard/device.ts'
import { parseEndpoint } from '../wireguard/endpoint.ts'

const USUAL_MTU = 1_500

/** A hint in the terms of the engine. What makes no sense in it is passed over: it is a hint. */
export function toReach({ node, direct, outside, nat, families, transit, mtu }: Hint): Reach {
  return {
    node: node as NodeId,
    direct: endpointsIn(direct),
    outside: outside === undefined ? undefined : endpointsIn([outside])[0],
    nat: nat ?? 'unknown',
    families: families ?? [4, 6],
    transit,
    mtu: mtu ?? USUAL_MTU,
  }
}

/** A member of whom nothing is known yet. */
export function nowhere(node: NodeId): Reach {
  return {
    node,
    direct: [],
    outside: undefined,
    nat: 'unknown',
    families: [],
    transit: undefined,
    mtu: USUAL_MTU,
  }
}

export function endpointsIn(texts: readonly string[]): readonly Endpoint[] {
  return texts.map(tryParse).filter((endpoint) => endpoint !== undefined)
}

function tryParse(text: string): Endpoint | undefined {
  try {
    return parseEndpoint(text)
  } catch {
    return undefined
  }
}
