import { join } from 'node:path'
import { WeftError } from '../errors.ts'
import type { SecretBytes } from '../keys/secret.ts'
import { createAuthority, openAuthority } from './authority.ts'
import { createApiToken } from './commands/apitoken.ts'
import { defaultProject } from './commands/project.ts'
import { Controller, type ControllerTools } from './controller.ts'
import { NOTES_FILE, openDataDir, openWrappingKey } from './home.ts'
import { continuesNotes } from './ledger/continuity.ts'
import type { Ledger } from './ledger/ledger.ts'
import { Notebook } from './ledger/notebook.ts'
import { type OpenLedger, openLedger } from './ledger/openledger.ts'
import type { ControllerSettings } from './settings.ts'
import { SYSTEM } from './tools.ts'
import { Vault } from './vault.ts'

/** Opens the log in `settings.dataDir`, makes keys and the first admin token if it is new, and folds it into a state. */
export async function openController(
  settings: ControllerSettings,
  tools: ControllerTools,
): Promise<Controller> {
  const dataDir = await openDataDir(settings)
  const notes = await Notebook.open(join(dataDir, NOTES_FILE), (cause) =>
    tools.log.warn({ cause }, 'no more notes can be taken: after a restart agents have to be told more'),
  )
  const opened = await openLedger(settings, dataDir, tools)
  const { ledger, store, isBehind } = opened
  try {
    const secrets = await openSecrets(settings, dataDir, { ...tools, ledger })
    if (isBehind || !(await continuesNotes(store, notes))) await beginEpoch(ledger, tools)
    return new Controller({ settings, ...tools, ...opened, notes, ...secrets })
  } catch (error) {
    opened.closing.abort()
    opened.board?.[Symbol.dispose]()
    opened.deliveries[Symbol.dispose]()
    await store[Symbol.asyncDispose]()
    throw error
  }
}

/** What makes this controller the one that agents pinned; made first if the log is new. */
async function openSecrets(
  settings: ControllerSettings,
  dataDir: string,
  { ledger, ...tools }: ControllerTools & Pick<OpenLedger, 'ledger'>,
) {
  const isNew = ledger.state.sequence === 0
  const wrappingKey = await openWrappingKey(settings, { dataDir, random: tools.random, isNew })
  const firstAdminToken = isNew ? await initialise(ledger, settings, tools, wrappingKey) : undefined
  const { authority } = ledger.state
  if (!authority) throw new WeftError('log-damaged', 'The log does not begin with the keys of a controller.')
  const vault = new Vault(wrappingKey, tools.random)
  return { authority: openAuthority(authority, wrappingKey), vault, firstAdminToken }
}

/** Keys, certificate, the default project and the first admin token: one entry, so there is never one without the others. */
async function initialise(
  ledger: Ledger,
  settings: ControllerSettings,
  { clock, random }: ControllerTools,
  wrappingKey: SecretBytes,
): Promise<SecretBytes | undefined> {
  const authority = await createAuthority(wrappingKey, random)
  const at = clock.now()
  const wanted = { name: 'first admin', role: 'admin' } as const
  const token = createApiToken(ledger.state, { now: at, random, settings }, wanted)
  const { repeated } = await ledger.change({ actor: SYSTEM, operation: 'initialise', at }, () => ({
    events: [{ type: 'controller-initialised', epoch: 1, ...authority }, defaultProject(at), ...token.events],
    result: undefined,
  }))
  // Another replica was faster: what it made counts, and it shows the token.
  return repeated ? undefined : token.result.secret
}

/** Agents have seen more than this log holds: what they are told from now on counts for more than that. */
async function beginEpoch(ledger: Ledger, { clock, log }: ControllerTools): Promise<void> {
  const epoch = ledger.state.epoch + 1
  log.warn({ epoch }, 'the log is older than it was, as after a backup was put back: a new epoch begins')
  const request = { actor: SYSTEM, operation: `epoch-${epoch}-${clock.now()}`, at: clock.now() }
  await ledger.change(request, () => ({ events: [{ type: 'epoch-raised', epoch }], result: undefined }))
}
