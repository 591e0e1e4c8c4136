import { join } from 'node:path'
import type { Logger } from 'pino'
import { toWeftError, type WeftError } from '../../errors.ts'
import type { Log } from '../../log/log.ts'
import type { ControllerSettings } from '../settings.ts'
import { HEAD_FILE, readKeptHead, whatIsMissing } from './kepthead.ts'
import { Ledger } from './ledger.ts'
import { gone, type OpenStore, openStore, type StoreTools } from './openstore.ts'

/** A log that is what it was, and the state that it amounts to. */
export interface OpenLedger extends OpenStore {
  readonly ledger: Ledger
  /** Ends following, when the controller closes. */
  readonly closing: AbortController
  /** Resolves when the process must stop, because what it wrote can no longer be vouched for. */
  readonly fatal: Promise<WeftError>
  /** Where the signed head is kept. */
  readonly headFile: string
  /** Whether it is an older log than the one whose head was kept: what agents have seen may be missing. */
  readonly isBehind: boolean
}

/** Opens the log, folds it, and compares it with what it was. What it opened is closed again when that fails. */
export async function openLedger(
  settings: ControllerSettings,
  dataDir: string,
  tools: StoreTools,
): Promise<OpenLedger> {
  const { log } = tools
  const headFile = settings.headFile || join(dataDir, HEAD_FILE)
  const { store, board, deliveries } = await openStore(settings, { dataDir, headFile }, tools)
  const closing = new AbortController()
  try {
    return {
      store,
      board,
      deliveries,
      closing,
      headFile,
      ...(await follow(store, { closing, headFile, log })),
    }
  } catch (error) {
    closing.abort()
    board?.[Symbol.dispose]()
    deliveries[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
    throw error
  }
}

interface Following {
  readonly closing: AbortController
  readonly headFile: string
  readonly log: Logger
}

async function follow(store: Log, { closing, headFile, log }: Following) {
  const lost = Promise.withResolvers<WeftError>()
  const ledger = await Ledger.open(store, closing.signal, (cause) => {
    if (closing.signal.aborted) return
    log.fatal({ cause }, 'the log cannot be followed any more')
    lost.resolve(toWeftError(cause))
  })
  for (const { message } of ledger.passedOver) log.error({ reason: message }, 'snapshot passed over')
  const missing = await loss(store, ledger, { headFile, log })
  if (missing && !ledger.state.authority) throw gone(missing, headFile)
  if (missing) log.error({ missing }, 'the end of the log was cut off, or an old copy was restored')
  return { ledger, isBehind: missing !== undefined, fatal: Promise.race([store.failed, lost.promise]) }
}

/** A head that cannot be read is no reason not to serve. */
async function loss(store: Log, ledger: Ledger, { headFile, log }: Pick<Following, 'headFile' | 'log'>) {
  try {
    const kept = await readKeptHead(headFile)
    return kept && (await whatIsMissing(kept, store, ledger.state))
  } catch (error) {
    const { code, message } = toWeftError(error)
    log.error({ code, reason: message, headFile }, 'the head that was kept says nothing about this log')
    return undefined
  }
}
