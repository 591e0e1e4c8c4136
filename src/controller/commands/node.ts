import { WeftError } from '../../errors.ts'
import { bearerHash } from '../../keys/bearer.ts'
import { type NodeId, nodeIdOf } from '../../keys/identity.ts'
import type { VerifyKey } from '../../keys/signature.ts'
import { canShare, type PublicKey } from '../../keys/wireguard.ts'
import { apply } from '../../model/apply.ts'
import type { Event } from '../../model/event.ts'
import type { ProjectId } from '../../model/names.ts'
import { isName, toName } from '../../model/names.ts'
import type { JoinToken, Network, State } from '../../model/state.ts'
import { isVisible } from '../lookup.ts'
import type { Decision, Tools } from '../tools.ts'
import { addMember } from './member.ts'
import { enterTransit } from './role.ts'

export interface JoinInput {
  /** Proven by the handshake, never taken from a message. */
  readonly publicKey: VerifyKey
  readonly sealingKey: PublicKey
  readonly secret: string
  /** The name the node would like; made unique when it is taken. */
  readonly name: string
}

/**
 * Decides an enrolment: token check, its use, the node and its first memberships are one change, so that a single-use
 * token lets exactly one in. A node that is known keeps its keys; it only enters networks that it is not in yet.
 */
export function joinNode(state: State, tools: Tools, input: JoinInput): Decision<NodeId> {
  const token = usableToken(state, tools, input.secret)
  const id = nodeIdOf(input.publicKey)
  const known = state.nodes.get(id)
  if (known && known.project !== token.project) throw ofAnotherProject()
  const enrolled: Event[] = known ? [] : [enrolment(state, tools, id, token, input)]
  const networks = token.networks.filter((network) =>
    isOpenTo(state.networks.get(network), token.project, id),
  )
  if (enrolled.length + networks.length === 0) return { events: [], result: id }
  const start: Event[] = [{ type: 'join-token-used', id: token.id, node: id }, ...enrolled]
  const events = [...start]
  let then = start.reduce(apply, state)
  for (const network of networks) {
    const { events: more } = addMember(then, tools, network, id)
    then = more.reduce(apply, then)
    events.push(...more)
  }
  events.push(...enterTransit(then, tools, id))
  return { events, result: id }
}

/** Decides that a node is forgotten: out of all its networks, and refused when it returns. */
export function removeNode(state: State, tools: Tools, id: NodeId): Decision<void> {
  const networks = [...(state.networksOfNode.get(id)?.keys() ?? [])]
  const left = networks.map((network): Event => {
    return { type: 'member-removed', network, node: id, at: tools.now }
  })
  return { events: [...left, { type: 'node-removed', id }], result: undefined }
}

/** One answer for every reason, so that nobody can tell a spent token from a wrong one. */
function usableToken(state: State, tools: Tools, secret: string): JoinToken {
  const id = state.joinTokensByHash.get(bearerHash(secret))
  const token = id && state.joinTokens.get(id)
  if (token && token.uses > 0 && token.expiresAt > tools.now) return token
  throw new WeftError('token-spent', 'The join token is unknown, expired, revoked or used up.', {
    advice: "Make a new one with 'weft token create'.",
  })
}

function enrolment(state: State, tools: Tools, id: NodeId, token: JoinToken, input: JoinInput): Event {
  const { publicKey, sealingKey } = input
  if (!canShare(sealingKey))
    throw new WeftError('protocol-error', 'Nothing can be sealed to the key of this node.')
  const { project } = token
  const name = freeName(state, project, id, isName(input.name) ? input.name : toName(input.name))
  return {
    type: 'node-enrolled',
    id,
    project,
    name,
    publicKey,
    sealingKey,
    labels: token.labels,
    at: tools.now,
  }
}

/** `web`, or `web-` and the first characters of the id when another node has that name. */
function freeName(state: State, project: ProjectId, id: NodeId, name: string): string {
  const names = state.nodesByName.get(project)
  if (!names?.has(name)) return name
  const room = 63 - 1 - 8
  const own = `${name.slice(0, room)}-${id.slice(0, 8)}`
  return names.has(own) ? `node-${id}` : own
}

/** A network that was deleted since the token was made, or is shared no longer, is passed over. */
function isOpenTo(network: Network | undefined, project: ProjectId, node: NodeId): boolean {
  return network !== undefined && isVisible(network, project) && !network.members.has(node)
}

function ofAnotherProject(): WeftError {
  return new WeftError('forbidden', 'This machine belongs to another project already.', {
    advice: 'Remove it there first, or start the agent with an identity of its own: --state-dir DIR.',
  })
}
