import type { LinkDetail, LinkEnd } from '../../controller/graph/link.ts'
import type { TrafficLevel } from '../../controller/graph/traffic.ts'
import type { Link } from '../schemas/link.ts'
import { changeView } from './history.ts'
import { instantText } from './instant.ts'

/** A link as REST shows it: what is not known is null. */
export function linkView({ ends, traffic, lastChange, via, handshakeAgeSeconds, ...link }: LinkDetail): Link {
  return {
    a: endView(ends[0]),
    b: endView(ends[1]),
    ...link,
    via: via ?? null,
    handshakeAgeSeconds: handshakeAgeSeconds ?? null,
    traffic: traffic.map(levelView),
    lastChange: lastChange ? changeView(lastChange) : null,
  }
}

function endView({ roles, problems, keyFingerprint, endpoint, refused, ...end }: LinkEnd): Link['a'] {
  return {
    ...end,
    roles: [...roles],
    problems: [...problems],
    keyFingerprint: keyFingerprint ?? null,
    endpoint: endpoint ?? null,
    refused: refused ?? null,
  }
}

function levelView({ stepSeconds, points }: TrafficLevel): Link['traffic'][number] {
  return {
    stepSeconds,
    points: points.map(({ at, handshakeAgeSeconds, ...bytes }) => ({
      at: instantText(at),
      ...bytes,
      handshakeAgeSeconds: handshakeAgeSeconds ?? null,
    })),
  }
}
