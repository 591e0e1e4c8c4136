import Type from 'typebox'
import { component, instant, listOf, orNull } from './common.ts'

export const Node = component('Node', 'A machine that runs an agent.', {
  id: Type.String({
    description: 'Follows from the key of the node.',
    examples: ['abcdefghijklmnopqrstuvwxyz'],
  }),
  name: Type.String({ examples: ['web-1'] }),
  online: Type.Boolean({ description: 'Whether its agent is connected now.' }),
  labels: Type.Record(Type.String(), Type.String(), { examples: [{ rack: 'a1' }] }),
  lastSeenAt: orNull(instant('When its agent was last heard; null if not since the controller started.')),
})
export type Node = Type.Static<typeof Node>

export const NodeList = listOf('NodeList', Node)
