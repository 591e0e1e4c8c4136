import Type from 'typebox'
import { component, instant, listOf, SPARSE } from './common.ts'

export const Change = component('Change', 'One change: who did what, when.', {
  sequence: Type.Integer({ description: 'Number of the log entry.' }),
  revision: Type.Integer({
    description: 'Of the network, after it. Live events and webhooks, which are not of one network, have 0.',
  }),
  at: instant('When.'),
  actor: Type.String({ description: "Id of the token or node that did it, or 'system'." }),
  actorName: Type.String({ description: 'What the actor is called.' }),
  networks: Type.Array(Type.String(), { description: 'Ids of the networks that it is about.' }),
  actions: Type.Array(Type.String(), { description: 'What happened, for programs: each once.' }),
  what: Type.Array(Type.String(), {
    description: 'Each the end of a sentence that begins with the actor; 20 at most.',
  }),
  events: Type.Integer({ description: 'How many events it was in all.' }),
})
export type Change = Type.Static<typeof Change>

export const ChangeList = listOf('ChangeList', Change, SPARSE)
