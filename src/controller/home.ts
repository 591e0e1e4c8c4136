import { access, mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { WeftError } from '../errors.ts'
import { makeFile } from '../files.ts'
import type { Random } from '../keys/random.ts'
import { SecretBytes } from '../keys/secret.ts'
import { fromBase64Url, toBase64Url } from '../keys/text.ts'
import type { ControllerSettings } from './settings.ts'

/** The log of an embedded controller, in its data directory. */
export const LOG_FILE = 'log.db'
/** Beside it, what may be lost. */
export const NOTES_FILE = 'notes.db'
/** How far webhooks were told, and how that went. */
export const WEBHOOKS_FILE = 'webhooks.db'

/** How far a log on Redis is known to have gone, in the data directory of each controller. */
export const JOURNAL_FILE = 'redis-journal.json'

/** Where the data are unless the settings say otherwise. */
export function usualDataDir(): string {
  const isRoot = process.getuid?.() === 0
  return isRoot ? '/var/lib/weft/controller' : join(homedir(), '.local/state/weft/controller')
}

/** The controller's directory, made if need be, readable by its owner only. */
export async function openDataDir({ dataDir }: ControllerSettings): Promise<string> {
  const path = dataDir || usualDataDir()
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path)
    return path
  } catch (cause) {
    throw new WeftError('invalid-config', `The directory ${path} cannot be used.`, {
      field: 'dataDir',
      advice: 'Give a directory that this user may write to, with --data-dir.',
      cause,
    })
  }
}

const KEY_BYTES = 32
/** Name of the systemd credential (systemd.exec(5), LoadCredential=). */
const CREDENTIAL = 'weft-wrapping-key'

/** The environment variable that can hold the key itself. */
const VARIABLE = 'WEFT_WRAPPING_KEY'

export interface WrappingKeyOptions {
  readonly dataDir: string
  readonly random: Random
  /** Whether there are no secrets yet: only then a key may be made. */
  readonly isNew: boolean
}

/**
 * The key that encrypts secrets in the log: from the file that is set, the environment, the systemd credential, or dataDir;
 * made once, for a new log. Throws `invalid-config` when a log that is not new has none.
 */
export async function openWrappingKey(
  settings: ControllerSettings,
  { dataDir, random, isNew }: WrappingKeyOptions,
): Promise<SecretBytes> {
  const credentials = process.env.CREDENTIALS_DIRECTORY
  const credential = credentials && (await exists(join(credentials, CREDENTIAL)))
  const given = process.env[VARIABLE]
  if (!settings.wrappingKeyFile && given) return parseKey(given, VARIABLE)
  if (!settings.wrappingKeyFile && credential) return readKey(credential)
  const path = settings.wrappingKeyFile || join(dataDir, 'wrapping.key')
  if (await exists(path)) return readKey(path)
  if (isNew) return makeKey(path, random)
  throw new WeftError(
    'invalid-config',
    `This log was made with a wrapping key, but there is none in ${path}.`,
    {
      field: 'wrappingKeyFile',
      advice: 'Give this controller the key of the one that made the log; every replica needs the same.',
    },
  )
}

async function exists(path: string): Promise<string | undefined> {
  return access(path).then(
    () => path,
    () => undefined,
  )
}

async function readKey(path: string): Promise<SecretBytes> {
  return parseKey(await readFile(path, 'utf8'), path)
}

function parseKey(text: string, place: string): SecretBytes {
  const bytes = fromBase64Url(text.trim())
  if (bytes?.length === KEY_BYTES) return new SecretBytes(bytes)
  throw new WeftError('invalid-config', `${place} does not hold a wrapping key.`, {
    field: 'wrappingKeyFile',
    advice:
      'It has to be 32 bytes as 43 characters of base64url. Restore the file that was made at the first start.',
  })
}

async function makeKey(path: string, random: Random): Promise<SecretBytes> {
  const key = random(KEY_BYTES)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await makeFile(path, `${toBase64Url(key)}\n`)
  return new SecretBytes(key)
}
