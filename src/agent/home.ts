import { existsSync } from 'node:fs'
import { access, mkdir, open, readdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { WeftError } from '../errors.ts'
import { draftOf, makeFile, replaceFile } from '../files.ts'
import { Identity, parseSeed, SEED_BYTES } from '../keys/identity.ts'
import { type Fingerprint, parseFingerprint } from '../keys/pinned.ts'
import type { Random } from '../keys/random.ts'
import { SecretBytes } from '../keys/secret.ts'
import { parseVerifyKey, type VerifyKey } from '../keys/signature.ts'
import { toBase64Url } from '../keys/text.ts'
import { type NetworkId, parseNetworkId } from '../model/names.ts'
import { diskFault } from './disk-fault.ts'
import type { AgentSettings } from './settings.ts'

/** The controller that this node obeys: what a join token said, kept without its secret. */
export interface Enrolment {
  readonly urls: readonly string[]
  readonly fingerprint: Fingerprint
  readonly controllerKey: VerifyKey
}

/** The kept lines of each network, oldest first; or why they cannot be read, which concerns no other network. */
export type Journals = ReadonlyMap<NetworkId, readonly string[] | WeftError>

/** Where an agent keeps what it may keep. A run that keeps nothing has the same, in memory. */
export interface Home {
  identity(): Promise<Identity>
  enrolment(): Promise<Enrolment | undefined>
  enrol(enrolment: Enrolment): Promise<void>
  /** What is kept of each network. */
  journals(): Promise<Journals>
  /** Puts `lines` in place of what was kept of a network, all or nothing. */
  rewrite(network: NetworkId, lines: readonly string[]): Promise<void>
  append(network: NetworkId, line: string): Promise<void>
  forget(network: NetworkId): Promise<void>
  /** Forgets the controller; the identity stays. */
  leave(): Promise<void>
}

/** Whether this run may leave nothing behind: told so, or a token run, which was given no place to keep anything. */
export function keepsNothing(settings: AgentSettings): boolean {
  return settings.ephemeral || (settings.join !== '' && settings.stateDir === '')
}

export async function openHome(settings: AgentSettings, random: Random): Promise<Home> {
  if (keepsNothing(settings)) return new NoHome(settings, random)
  const home = new DirectoryHome(stateDirOf(settings), settings, random)
  await home.prepare()
  return home
}

/** Where an agent with these settings keeps its state. */
export function stateDirOf({ stateDir }: AgentSettings): string {
  const isRoot = process.getuid?.() === 0
  return stateDir || (isRoot ? '/var/lib/weft/agent' : join(homedir(), '.local/state/weft/agent'))
}

/** What an agent has kept. */
export interface KeptState {
  /** Undefined until the first start. */
  readonly identity: Identity | undefined
  /** Undefined until it has joined. */
  readonly enrolment: Enrolment | undefined
  readonly journals: Journals
}

/** Reads what the agent with these settings has kept, and makes nothing. */
export async function lookAtState(settings: AgentSettings): Promise<KeptState> {
  const home = new DirectoryHome(stateDirOf(settings), settings, () => new Uint8Array())
  return {
    identity: await home.keptIdentity(),
    enrolment: await home.enrolment(),
    journals: existsSync(join(stateDirOf(settings), NETWORKS)) ? await home.journals() : new Map(),
  }
}

/** Name of the systemd credential (systemd.exec(5), LoadCredential=). */
const CREDENTIAL = 'weft-identity'
const NETWORKS = 'networks'
const JOURNAL = '.jsonl'

const enrolmentShape = Compile(
  Type.Object({ urls: Type.Array(Type.String()), fingerprint: Type.String(), controllerKey: Type.String() }),
)

class DirectoryHome implements Home {
  readonly #path: string
  readonly #settings: AgentSettings
  readonly #random: Random
  /** Bytes of whole lines in a journal behind which a part of one may stand: a disk that is full takes so much, and a crash. */
  readonly #whole = new Map<NetworkId, number>()

  constructor(path: string, settings: AgentSettings, random: Random) {
    this.#path = path
    this.#settings = settings
    this.#random = random
  }

  async prepare(): Promise<void> {
    try {
      await mkdir(join(this.#path, NETWORKS), { recursive: true, mode: 0o700 })
    } catch (cause) {
      throw new WeftError('invalid-config', `The directory ${this.#path} cannot be used.`, {
        field: 'stateDir',
        advice:
          'Give a directory that this user may write to, with --state-dir, or keep nothing with --ephemeral.',
        cause,
      })
    }
  }

  async identity(): Promise<Identity> {
    const kept = await this.keptIdentity()
    if (kept) return kept
    const seed = this.#random(SEED_BYTES)
    await makeFile(this.#seedFile(), `${toBase64Url(seed)}\n`)
    return new Identity(new SecretBytes(seed))
  }

  async keptIdentity(): Promise<Identity | undefined> {
    const given = await givenSeed(this.#settings)
    if (given) return new Identity(given)
    const kept = await readIfThere(this.#seedFile())
    return kept === undefined ? undefined : new Identity(seedIn(kept, 'identityFile'))
  }

  async enrolment(): Promise<Enrolment | undefined> {
    const text = await readIfThere(this.#enrolmentFile())
    const kept: unknown = text === undefined ? undefined : JSON.parse(text)
    if (!enrolmentShape.Check(kept)) return undefined
    const fingerprint = parseFingerprint(kept.fingerprint)
    const controllerKey = parseVerifyKey(kept.controllerKey)
    return fingerprint && controllerKey ? { urls: kept.urls, fingerprint, controllerKey } : undefined
  }

  enrol(enrolment: Enrolment): Promise<void> {
    return replaceFile(this.#enrolmentFile(), `${JSON.stringify(enrolment)}\n`)
  }

  async journals(): Promise<Journals> {
    const files = await readdir(join(this.#path, NETWORKS))
    const ids = files
      .map((file) => parseNetworkId(file.slice(0, -JOURNAL.length)))
      .filter((id) => id !== undefined)
    const read = (id: NetworkId) => this.#lines(id).catch((cause: unknown) => unreadable(cause))
    return new Map(await Promise.all(ids.map(async (id) => [id, await read(id)] as const)))
  }

  async rewrite(network: NetworkId, lines: readonly string[]): Promise<void> {
    await replaceFile(this.#journal(network), lines.map((line) => `${line}\n`).join(''))
    this.#whole.delete(network)
  }

  async append(network: NetworkId, line: string): Promise<void> {
    await using file = await open(this.#journal(network), 'a', 0o600)
    const whole = this.#whole.get(network)
    if (whole !== undefined) await file.truncate(whole)
    this.#whole.set(network, (await file.stat()).size)
    await file.writeFile(`${line}\n`)
    this.#whole.delete(network)
  }

  async forget(network: NetworkId): Promise<void> {
    try {
      // Whatever stands in its place: as long as something does, the next run comes back to it.
      await rm(this.#journal(network), { force: true, recursive: true })
      await rm(draftOf(this.#journal(network)), { force: true })
    } catch (cause) {
      const message = `What is kept of the network cannot be deleted: ${diskFault(cause)}.`
      throw new WeftError('internal', message, { cause })
    }
    this.#whole.delete(network)
  }

  async leave(): Promise<void> {
    await rm(this.#enrolmentFile(), { force: true })
  }

  /** What stands behind the last line end was cut off by a crash, and is as if it had never come. */
  async #lines(network: NetworkId): Promise<readonly string[]> {
    const bytes = await readFile(this.#journal(network))
    const whole = bytes.lastIndexOf('\n') + 1
    if (whole < bytes.length) this.#whole.set(network, whole)
    return bytes.toString('utf8', 0, whole).split('\n').slice(0, -1)
  }

  #seedFile(): string {
    return this.#settings.identityFile || join(this.#path, 'identity.seed')
  }

  #journal(network: NetworkId): string {
    return join(this.#path, NETWORKS, network + JOURNAL)
  }

  #enrolmentFile(): string {
    return join(this.#path, 'controller.json')
  }
}

class NoHome implements Home {
  readonly #settings: AgentSettings
  readonly #random: Random

  constructor(settings: AgentSettings, random: Random) {
    this.#settings = settings
    this.#random = random
  }

  async identity(): Promise<Identity> {
    const { identityFile } = this.#settings
    const file = identityFile === '' ? undefined : await readIfThere(identityFile)
    const given = file === undefined ? await givenSeed(this.#settings) : seedIn(file, 'identityFile')
    return new Identity(given ?? new SecretBytes(this.#random(SEED_BYTES)))
  }

  async enrolment(): Promise<undefined> {}
  async enrol(): Promise<void> {}
  async journals(): Promise<Journals> {
    return new Map()
  }
  async rewrite(): Promise<void> {}
  async append(): Promise<void> {}
  async forget(): Promise<void> {}
  async leave(): Promise<void> {}
}

/** The seed that was handed to the process, if any. */
async function givenSeed({ identity }: AgentSettings): Promise<SecretBytes | undefined> {
  if (identity !== '') return seedIn(identity, 'identity')
  const directory = process.env.CREDENTIALS_DIRECTORY
  const credential = directory === undefined ? undefined : await readIfThere(join(directory, CREDENTIAL))
  return credential === undefined ? undefined : seedIn(credential, CREDENTIAL)
}

function seedIn(text: string, field: string): SecretBytes {
  const seed = parseSeed(text)
  if (seed) return seed
  throw new WeftError('invalid-config', `${field} does not hold an identity seed.`, {
    field,
    advice: 'It has to be 32 bytes as 43 characters of base64url.',
  })
}

function unreadable(cause: unknown): WeftError {
  return new WeftError('internal', `A journal cannot be read: ${diskFault(cause)}.`, { cause })
}

async function readIfThere(path: string): Promise<string | undefined> {
  const there = await access(path).then(
    () => true,
    () => false,
  )
  return there ? readFile(path, 'utf8') : undefined
}
