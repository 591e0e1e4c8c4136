import type { Graph, Member, Paths } from '../../client/operations.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'

/** All that the controller knows of two members of a network and of what is between them. */
export interface Pair {
  readonly members: readonly [Member, Member]
  readonly graph: Graph
  readonly paths: Paths
}

/** IPv6 does not travel over less (RFC 8200 section 5). */
const LEAST_MTU = 1_280

/** From the agents over keys, plans and the path to the MTU: what each check needs is looked at before it. */
export function checkPair(pair: Pair): Finding[] {
  return [
    ...pair.members.flatMap((member) => checkMember(member, pair.graph)),
    checkPath(pair),
    checkRelay(pair),
    checkHandshake(pair),
    checkTraffic(pair),
    checkMtu(pair),
  ]
}

function checkMember({ node, name, publicKey, listenPort }: Member, { nodes }: Graph): Finding[] {
  const seen = nodes.find(({ id }) => id === node)
  return [
    seen?.online
      ? ok(`agent of ${name}`, 'It is connected.')
      : fail(
          `agent of ${name}`,
          'It is not connected to the controller.',
          `See on ${name} whether it runs, and run 'weft doctor' there. Tunnels that stand go on without it.`,
        ),
    publicKey === null
      ? fail(
          `key of ${name}`,
          'No key is certified.',
          `The node makes its own key as soon as its agent connects: start the agent of ${name}.`,
        )
      : ok(`key of ${name}`, 'It is certified.'),
    checkPlan(name, seen),
    listenPort === null
      ? fail(
          `port of ${name}`,
          'No UDP port is known.',
          `Its interface is not there: see the log of its agent.`,
        )
      : ok(`port of ${name}`, `WireGuard listens at UDP ${listenPort}.`),
  ]
}

function checkPlan(name: string, seen: Graph['nodes'][number] | undefined): Finding {
  const check = `plan of ${name}`
  if (!seen) return fail(check, 'It is not in the graph.', `Add it with 'weft member add'.`)
  const { desiredRevision, appliedRevision } = seen
  if (desiredRevision === appliedRevision) return ok(check, `Revision ${appliedRevision} is applied.`)
  return fail(
    check,
    `Revision ${appliedRevision} is applied, ${desiredRevision} is wanted.`,
    seen.online
      ? `Wait a few seconds; if it stays, the log of the agent of ${name} says why it refuses.`
      : `It applies it as soon as the agent of ${name} is connected.`,
  )
}

function checkPath({ graph, paths }: Pair): Finding {
  const link = linkOf(graph, paths)
  const kind = inUse(paths) ?? link?.path ?? 'none'
  const said = paths.sentences.join(' ')
  const [advice] = paths.advice
  if (kind === 'none') return fail('path', said, advice ?? 'See what there is with weft explain.')
  return advice ? warn('path', said, paths.advice.join(' ')) : ok('path', said)
}

function checkRelay({ graph, paths }: Pair): Finding {
  const link = linkOf(graph, paths)
  if (link?.path !== 'relayed') return skip('relay', 'None is needed.')
  if (link.via === null)
    return fail(
      'relay',
      'No relay is known.',
      "Give a node that both reach the role: 'weft node roles NODE relay'.",
    )
  return ok('relay', `${link.via} carries it, and cannot read it.`)
}

function checkHandshake({ graph, paths }: Pair): Finding {
  const link = linkOf(graph, paths)
  const age = link?.handshakeAgeSeconds
  if (age === null || age === undefined)
    return fail(
      'handshake',
      'There was none.',
      'UDP does not come through, or one end has an old key: see the checks above, then the firewalls on the way.',
    )
  if (link?.state === 'up') return ok('handshake', `The last one was ${age} s ago.`)
  return fail(
    'handshake',
    `The last one was ${age} s ago: the session is dead.`,
    'Something on the way has changed. Send a packet; if no handshake follows, see the firewalls on the way.',
  )
}

function checkTraffic({ graph, paths, members }: Pair): Finding {
  const link = linkOf(graph, paths)
  const name = members.find(({ node }) => node === link?.a)?.name ?? 'the first'
  if (!link || link.rxBytes + link.txBytes === 0) return skip('traffic', 'No packet was sent yet.')
  const said = `${name} received ${link.rxBytes} bytes and sent ${link.txBytes}.`
  if (link.rxBytes > 0 && link.txBytes > 0) return ok('traffic', said)
  return fail('traffic', said, 'Packets go one way only: a firewall drops what comes back.')
}

function checkMtu({ paths }: Pair): Finding {
  const mtus = paths.directions.flatMap(({ candidates, inUse: { kind } }) => {
    const used = candidates.find((candidate) => candidate.kind === kind) ?? candidates[0]
    return used ? [used.mtu] : []
  })
  if (mtus.length === 0) return skip('MTU', 'There is no path to have one.')
  const mtu = Math.min(...mtus)
  if (mtu >= LEAST_MTU) return ok('MTU', `Packets of ${mtu} bytes fit.`)
  return warn(
    'MTU',
    `Packets of ${mtu} bytes fit; IPv6 needs ${LEAST_MTU}.`,
    'Raise the MTU of the underlay, or use IPv4 over this link.',
  )
}

function inUse({ directions }: Paths) {
  return directions.map(({ inUse: { kind } }) => kind).find((kind) => kind !== 'none')
}

function linkOf({ links }: Graph, { from, to }: Paths) {
  return links.find(({ a, b }) => (a === from && b === to) || (a === to && b === from))
}
