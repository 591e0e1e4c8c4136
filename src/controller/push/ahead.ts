import type { NodeId } from '../../keys/identity.ts'
import type { VerifyKey } from '../../keys/signature.ts'
import type { NetworkId } from '../../model/names.ts'
import type { State } from '../../model/state.ts'
import { openDelta, openHead, openSelf } from '../../protocol/content.ts'
import type { AgentFrameOf } from '../../protocol/frames.ts'
import type { Decision } from '../tools.ts'

/** A point of a network's history that somebody was told of. */
interface Point {
  readonly network: string
  readonly epoch: number
  readonly revision: number
}

/** Something that our key signed once. */
export interface Evidence extends Point {
  /** Of whose own record this was the revision; undefined when it was that of the network. */
  readonly member: NodeId | undefined
}

/** Whether our log has not come as far as this: it is an older one, or it lags for a moment behind another replica's. */
export function isAhead(state: State, { network, epoch, revision }: Point): boolean {
  if (epoch !== state.epoch) return epoch > state.epoch
  const known = state.networks.get(network as NetworkId)
  return known ? revision > known.revision : !state.deletedNetworks.has(network as NetworkId)
}

/**
 * Whether our log surely took `node`, which is no member, out of the network after this point. That must depend on nothing but
 * its leaving: whatever else does, an epoch that was raised or a network that was deleted since, it would be told by this.
 */
export function hasLeftSince(state: State, node: NodeId, { network, epoch, revision }: Point): boolean {
  const id = network as NetworkId
  if (state.deletedNetworks.has(id)) return true
  const left = state.networks.get(id)?.slots.leftAt.get(node)
  // What was told behind its leaving, or in a later epoch, is of a history that was lost, in which it was added again.
  if (left) return left.epoch > epoch || (left.epoch === epoch && left.revision >= revision)
  return epoch === state.epoch
}

/**
 * What an agent shows to prove that our log is not the one that it was told from. Throws `digest-mismatch` for what our
 * key did not sign: nobody can claim what was never said.
 */
export function openProof(proof: AgentFrameOf<'proof'>, key: VerifyKey): Evidence {
  switch (proof.kind) {
    case 'head':
      return { ...openHead(proof, key), member: undefined }
    case 'delta':
      return { ...openDelta(proof, key).head, member: undefined }
    case 'self': {
      const { network, epoch, revision, record } = openSelf(proof, key)
      return { network, epoch, revision, member: record.node }
    }
  }
}

/**
 * Begins a new epoch if the latest state still contradicts the evidence, so that agents take what we have although they
 * have seen more. Evidence of an older epoch contradicts nothing, so each lost history can do this once.
 */
export function raiseEpoch(state: State, evidence: Evidence): Decision<undefined> {
  const epoch = Math.max(state.epoch, evidence.epoch) + 1
  return {
    events: contradicts(state, evidence) ? [{ type: 'epoch-raised', epoch }] : [],
    result: undefined,
  }
}

/** Revisions of a member's record only grow in one history, so one that shrank shows that this is another. */
function contradicts(state: State, evidence: Evidence): boolean {
  if (isAhead(state, evidence)) return true
  if (!evidence.member || evidence.epoch !== state.epoch) return false
  const member = state.networks.get(evidence.network as NetworkId)?.members.get(evidence.member)
  return member !== undefined && member.revision < evidence.revision
}
