import Type from 'typebox'
import { component, instant, orNull, refTo } from './common.ts'
import { graphNode, linkFields } from './graph.ts'
import { Change } from './history.ts'

const end = Type.Object({
  ...graphNode.properties,
  keyFingerprint: orNull(
    Type.String({ description: 'SHA-256 of its WireGuard public key, base64url; null until it has one.' }),
  ),
  endpoint: orNull(
    Type.String({ description: "Where the other end is reached, as this end's interface has it." }),
  ),
  refused: orNull(Type.String({ description: 'Why its agent could not apply what is wanted.' })),
})

const point = Type.Object({
  at: instant('When the stretch of time began.'),
  rxBytes: Type.Integer({ description: 'Received at a from b in it.' }),
  txBytes: Type.Integer({ description: 'Sent from a to b in it.' }),
  handshakeAgeSeconds: orNull(Type.Integer({ description: 'At its end; null if there was none.' })),
})

export const Link = component('Link', 'All that is known of the link of two members.', {
  a: end,
  b: end,
  ...linkFields,
  traffic: Type.Array(
    Type.Object({
      stepSeconds: Type.Integer(),
      points: Type.Array(point, { description: 'Oldest first; stretches without a report are left out.' }),
    }),
    {
      description:
        'A quarter of an hour, six hours and a week, ever coarser. Gone when the controller restarts.',
    },
  ),
  lastChange: Type.Union([refTo(Change), Type.Null()], {
    description: 'What changed last at one of the two.',
  }),
})
export type Link = Type.Static<typeof Link>
