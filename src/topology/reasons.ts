import type { NodeId } from '../keys/identity.ts'
import { endpointFamily } from './endpoint.ts'
import type { PathKind, Reach, RelayView } from './reach.ts'

/** What to call a node in a sentence. */
export type Caller = (node: NodeId) => string

/** Why a way that exists is not the first. */
export function reserve(first: PathKind): string {
  return `It is kept for when the ${first} path does not answer.`
}

export function notOnLan(own: Reach, other: Reach, call: Caller): string {
  const pair = `${call(own.node)} and ${call(other.node)}`
  return sentence(
    `${pair} are not known to share a LAN, which takes one outside address or site label, and one private subnet`,
  )
}

export function notDirect(own: Reach, other: Reach, call: Caller): string {
  const obstacles = [doorless(own, other, call), doorless(other, own, call)]
  return sentence(obstacles.join(', and '))
}

/**
 * @param blocked those of the two to whom nobody can punch through; one at least
 * @param relayCount relays that there are: they see the outside ports
 */
export function notPunched(blocked: readonly Reach[], relayCount: number, call: Caller): string {
  return sentence(blocked.map((end) => obstacle(end, relayCount, call)).join(', and '))
}

export function notRelayed(own: Reach, other: Reach, relays: readonly RelayView[], call: Caller): string {
  if (relays.length === 0) return 'No node has the role of a relay.'
  const missing = [own, other].filter(({ transit }) => transit === undefined)
  if (missing.length > 0) {
    const names = missing.map(({ node }) => call(node)).join(' and ')
    return sentence(`${names} ${missing.length > 1 ? 'have' : 'has'} no working place in the transit yet`)
  }
  const third = relays.filter(({ node }) => node !== own.node && node !== other.node)
  if (third.length === 0) return 'The two are the only relays, and neither forwards to itself.'
  const names = third.map(({ node }) => call(node)).toSorted()
  return sentence(
    `${names.join(' and ')} ${third.length > 1 ? 'do' : 'does'} not answer, and no other relay is left`,
  )
}

/** Why `sender` cannot send to `target` without further ado. */
function doorless(target: Reach, sender: Reach, call: Caller): string {
  const families = [...new Set(target.direct.map(endpointFamily))]
  if (families.length === 0) return `${call(target.node)} has no known global address`
  const named = families.map((family) => `IPv${family}`).join(' and ')
  return `${call(target.node)} is reachable over ${named}, which ${call(sender.node)} has not`
}

/** What keeps anybody from punching through to this end. */
function obstacle({ node, nat, outside, families }: Reach, relayCount: number, call: Caller): string {
  if (!families.includes(4)) return `${call(node)} has no IPv4, and holes are punched in IPv4 only`
  if (nat === 'symmetric')
    return `the address translation before ${call(node)} uses another port for every destination`
  if (nat === 'open') return `${call(node)} has an IPv4 address of its own and no hole to punch`
  if (outside === undefined)
    return relayCount === 0
      ? `there is no relay that could see the outside port of ${call(node)}`
      : `no relay has seen the outside port of ${call(node)} yet`
  return `only one relay has seen the outside port of ${call(node)}, so it may be another for every destination`
}

/** Names of nodes keep their small letters. */
function sentence(text: string): string {
  return `${text.replace(/^(this|the|there|no|only) /, (word) => word.charAt(0).toUpperCase() + word.slice(1))}.`
}
