import * as lookup from '../src/controller/lookup.ts'
import { DEFAULT_PROJECT } from '../src/model/names.ts'
import type { Network, Node, State } from '../src/model/state.ts'

/** The network of this id or name in the default project. */
export function findNetwork(state: State, idOrName: string): Network {
  return lookup.findNetwork(state, DEFAULT_PROJECT, idOrName)
}

/** The node of this id or name in the default project. */
export function findNode(state: State, idOrName: string): Node {
  return lookup.findNode(state, DEFAULT_PROJECT, idOrName)
}
