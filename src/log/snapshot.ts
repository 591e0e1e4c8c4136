import { createHash } from 'node:crypto'
import { WeftError } from '../errors.ts'
import { canonicalFields } from '../keys/fields.ts'
import { type SigningKey, verifySignature } from '../keys/signature.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import { decodeState } from '../model/codec.ts'
import { emptyState, type State } from '../model/state.ts'
import { damaged } from './chain.ts'
import type { Head, Log, Snapshot } from './log.ts'

/** @param state encoded (model/codec.ts), as it is after the entry of `head` */
export function sealSnapshot({ sequence, hash }: Head, state: Uint8Array, key: SigningKey): Snapshot {
  const body = signedBody({ sequence, hash }, state)
  return { sequence, hash, state, signature: toBase64Url(key.sign('weft/1 log snapshot', body)) }
}

/** The state in `snapshot`. Throws `log-damaged` when it is not as it was signed, `unsupported` when it is of another version. */
export function openSnapshot(snapshot: Snapshot): State {
  const state = decodeState(Buffer.from(snapshot.state).toString())
  const { publicKey } = state.authority ?? {}
  const body = signedBody(snapshot, snapshot.state)
  const signature = fromBase64Url(snapshot.signature) ?? new Uint8Array()
  const isSigned = publicKey && verifySignature(publicKey, 'weft/1 log snapshot', body, signature)
  if (isSigned && state.sequence === snapshot.sequence) return state
  throw damaged(snapshot.sequence, 'has a snapshot that is not what was written')
}

export interface Start {
  readonly state: State
  /** Why newer snapshots were passed over. */
  readonly passedOver: readonly WeftError[]
}

/**
 * The state with which to begin to read: that of the newest snapshot that is whole, or the empty one when no entry was
 * dropped. Throws `log-damaged` when there is neither.
 */
export async function startingState(log: Log): Promise<Start> {
  const passedOver: WeftError[] = []
  for (const snapshot of await log.snapshots()) {
    try {
      return { state: await fittingState(log, snapshot), passedOver }
    } catch (error) {
      if (!(error instanceof WeftError && SKIPPED.has(error.code))) throw error
      passedOver.push(error)
    }
  }
  const base = await log.base()
  if (base.sequence === 0) return { state: emptyState, passedOver }
  throw passedOver[0] ?? withoutSnapshot(base)
}

/** The first state from which all entries are there: the empty one, or that of the oldest snapshot. */
export async function earliestState(log: Log): Promise<State> {
  if ((await log.base()).sequence === 0) return emptyState
  let wrong: WeftError | undefined
  for (const snapshot of (await log.snapshots()).toReversed()) {
    try {
      return await fittingState(log, snapshot)
    } catch (error) {
      if (!(error instanceof WeftError && SKIPPED.has(error.code))) throw error
      wrong ??= error
    }
  }
  throw wrong ?? withoutSnapshot(await log.base())
}

/** When entries were dropped and nothing stands for them. */
export function withoutSnapshot({ sequence }: Head): WeftError {
  return damaged(sequence, 'and all before it were dropped, and no snapshot stands for them')
}

/** A snapshot of an entry that the log never had, or has dropped, is none of it either. */
const SKIPPED: ReadonlySet<string> = new Set(['log-damaged', 'unsupported', 'conflict', 'not-found'])

async function fittingState(log: Log, snapshot: Snapshot): Promise<State> {
  const { hash } = await headAt(log, snapshot.sequence)
  if (hash !== snapshot.hash) throw damaged(snapshot.sequence, 'is not the one that its snapshot is of')
  return openSnapshot(snapshot)
}

/** Where a log stood at `sequence`. Rejects with `conflict` when it never was, with `not-found` when that was dropped. */
export async function headAt(log: Log, sequence: number): Promise<Head> {
  const base = await log.base()
  if (sequence === base.sequence) return base
  for await (const { hash } of log.read(sequence)) return { sequence, hash }
  throw new WeftError('conflict', `The log ends before entry ${sequence}.`)
}

function signedBody({ sequence, hash }: Head, state: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(state).digest()
  return canonicalFields('weft/1 log snapshot', String(sequence), Buffer.from(hash, 'hex'), digest)
}
