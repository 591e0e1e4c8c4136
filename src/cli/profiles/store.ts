import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import Type from 'typebox'
import { Value } from 'typebox/value'
import { WeftError } from '../../errors.ts'
import { NAME_PATTERN } from '../../model/names.ts'

const profileSchema = Type.Object({
  /** With the fingerprint, as the controller prints it. */
  url: Type.String(),
  token: Type.Optional(Type.String()),
  /** In which to act, when the token may act in several. */
  project: Type.Optional(Type.String()),
})

const fileSchema = Type.Object({
  current: Type.Optional(Type.String()),
  profiles: Type.Record(Type.String({ pattern: NAME_PATTERN }), profileSchema),
})

/** A controller and how to speak to it. */
export type Profile = Readonly<Type.Static<typeof profileSchema>>

/** All profiles of a user. */
export interface Profiles {
  /** What is used when nothing else is said. */
  readonly current?: string
  readonly profiles: Readonly<Record<string, Profile>>
}

const NONE: Profiles = { profiles: {} }
/** Readable by others than the owner: what ssh refuses of a key, too. */
const OTHERS = 0o077

/** `$XDG_CONFIG_HOME/weft/profiles.json`, else in ~/.config. */
function profilesFile(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(environment.XDG_CONFIG_HOME || join(homedir(), '.config'), 'weft', 'profiles.json')
}

/** Throws `invalid-config` when the file is not ours to trust: it holds tokens. */
export function readProfiles(file = profilesFile()): Profiles {
  const text = textOf(file)
  if (text === undefined) return NONE
  if (statSync(file).mode & OTHERS) {
    throw unusable(
      file,
      'can be read by other users',
      `Its tokens may be known: 'chmod 600 ${file}', and sign in again.`,
    )
  }
  const content = parsed(text)
  if (Value.Check(fileSchema, content)) return content
  throw unusable(file, 'does not hold profiles', "Delete it, and sign in again: 'weft login'.")
}

/** Writes all of them, or, when that fails, nothing. Only the owner can read the file, from its first byte on. */
export function writeProfiles(profiles: Profiles, file = profilesFile()): void {
  const draft = `${file}.${process.pid}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    rmSync(draft, { force: true })
    writeFileSync(draft, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(draft, 0o600)
    renameSync(draft, file)
  } catch (cause) {
    throw new WeftError('invalid-config', `The profile cannot be kept in ${file}.`, {
      advice: 'Set XDG_CONFIG_HOME to a directory that you may write to.',
      cause,
    })
  }
}

/** The profile of that name. Throws `not-found`. */
export function findProfile({ profiles }: Profiles, name: string): Profile {
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile) return profile
  throw new WeftError('not-found', `There is no profile '${name}'.`, {
    advice: "'weft profile list' shows what there is.",
  })
}

/** With this profile instead of the one of that name, and in use. */
export function withProfile({ profiles }: Profiles, name: string, profile: Profile): Profiles {
  return { current: name, profiles: { ...profiles, [name]: profile } }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR'))
      return undefined
    throw unusable(file, 'cannot be read', 'See whose it is.')
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unusable(file: string, what: string, advice: string): WeftError {
  return new WeftError('invalid-config', `The file of profiles ${file} ${what}.`, { advice })
}
